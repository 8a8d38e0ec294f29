package secondlook.documents;

import java.util.List;
import java.util.Map;

import org.h2.mvstore.MVMap;
import org.h2.mvstore.MVStore;

import de.bwaldvogel.mongo.MongoCollection;
import de.bwaldvogel.mongo.MongoDatabase;
import de.bwaldvogel.mongo.backend.AbstractMongoDatabase;
import de.bwaldvogel.mongo.backend.CollectionOptions;
import de.bwaldvogel.mongo.backend.CursorRegistry;
import de.bwaldvogel.mongo.backend.DatabaseResolver;
import de.bwaldvogel.mongo.backend.Index;
import de.bwaldvogel.mongo.backend.IndexKey;
import de.bwaldvogel.mongo.bson.Document;
import de.bwaldvogel.mongo.exception.MongoServerException;
import de.bwaldvogel.mongo.oplog.Oplog;
import io.netty.channel.Channel;

/** One database: its collections are maps of the store, and so are its unique indexes. */
final class Database extends AbstractMongoDatabase<Object> {

    private final MVStore store;

    Database(String name, MVStore store, CursorRegistry cursors) {
        super(name, cursors);
        this.store = store;
        initializeNamespacesAndIndexes();
    }

    @Override
    public Document handleCommand(Channel channel, String command, Document query, DatabaseResolver resolver, Oplog oplog) {
        if (command.equals("aggregate")) {
            narrow(query);
        }
        return super.handleCommand(channel, command, query, resolver, oplog);
    }

    /** Lets an index answer the first {@code $match} of a pipeline; the library would read the whole collection. */
    private void narrow(Document query) {
        MongoCollection<Object> collection = resolveCollection(query.get("aggregate").toString(), false);
        if (collection instanceof DocumentCollection documents
            && query.get("pipeline") instanceof List<?> stages && !stages.isEmpty()
            && stages.get(0) instanceof Map<?, ?> first && first.get("$match") instanceof Document match) {
            documents.narrowNextScan(match);
        }
    }

    @Override
    protected MongoCollection<Object> openOrCreateCollection(String name, CollectionOptions options) {
        MVMap<Object, Document> map = Names.documents(store, getFullCollectionNamespace(name));
        return new DocumentCollection(this, name, options, map, cursorRegistry);
    }

    @Override
    protected Index<Object> openOrCreateUniqueIndex(String collection, String index, List<IndexKey> keys, boolean sparse) {
        String namespace = getFullCollectionNamespace(collection);
        if (keys.size() == 1 && keys.get(0).getKey().equals("_id")) {
            return new IdIndex(index, keys, Names.documents(store, namespace));
        }
        return new UniqueIndex(index, keys, sparse, Names.unique(store, namespace, index));
    }

    @Override
    protected Index<Object> openOrCreateSecondaryIndex(String collection, String index, List<IndexKey> keys, boolean sparse) {
        return new LeadingFieldIndex(index, keys);
    }

    @Override
    protected void dropIndex(MongoCollection<Object> collection, String index) {
        super.dropIndex(collection, index);
        store.removeMap(Names.unique(collection.getFullName(), index));
    }

    @Override
    public void dropCollection(String name, Oplog oplog) {
        super.dropCollection(name, oplog);
        if (name.startsWith("system.")) {
            return;  // Still read while the rest of the database is dropped; drop() takes its map away.
        }
        store.removeMap(Names.documents(store, getFullCollectionNamespace(name)));
    }

    @Override
    public void drop(Oplog oplog) {
        super.drop(oplog);
        Names.ofDatabase(store, getDatabaseName()).forEach(store::removeMap);
    }

    @Override
    public void moveCollection(MongoDatabase from, MongoCollection<?> collection, String name) {
        throw new MongoServerException("the local document server cannot rename a collection");
    }

    @Override
    protected long getFileSize() {
        return store.getFileStore().size();
    }

    @Override
    protected long getStorageSize() {
        return getFileSize();
    }
}
