package secondlook.documents;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.TreeSet;

import org.h2.mvstore.MVMap;

import de.bwaldvogel.mongo.MongoCollection;
import de.bwaldvogel.mongo.backend.Index;
import de.bwaldvogel.mongo.backend.IndexKey;
import de.bwaldvogel.mongo.backend.KeyValue;
import de.bwaldvogel.mongo.backend.Missing;
import de.bwaldvogel.mongo.bson.Document;
import de.bwaldvogel.mongo.exception.DuplicateKeyError;

/** The {@code _id} index is the collection's own map, whose key is the {@code _id}. It stores nothing itself. */
final class IdIndex extends Index<Object> {

    private final MVMap<Object, Document> documents;

    IdIndex(String name, List<IndexKey> keys, MVMap<Object, Document> documents) {
        super(name, keys, false);
        this.documents = documents;
    }

    /** True for {@code {_id: value, ...}} and {@code {_id: {$in: [...]}, ...}}, whatever else the filter asks. */
    @Override
    public boolean canHandle(Document query) {
        Object asked = query.get("_id");
        if (asked instanceof Document operators && Values.hasOperators(operators)) {
            return operators.size() == 1 && operators.get("$in") instanceof Collection<?> list
                && list.stream().allMatch(Values::isPlain);
        }
        return Values.isPlain(asked);
    }

    @Override
    public Iterable<Object> getPositions(Document query) {
        Object asked = query.get("_id");
        if (!(asked instanceof Document operators && operators.get("$in") instanceof Collection<?> list)) {
            return documents.containsKey(asked) ? List.of(asked) : List.of();
        }
        // Sorted by the map's own order: each document once, also for {$in: [1, 1.0]}, and neighbours share pages.
        TreeSet<Object> distinct = new TreeSet<>(BsonPages.keys());
        distinct.addAll(list);
        List<Object> found = new ArrayList<>(distinct.size());
        for (Object key : distinct) {
            if (documents.containsKey(key)) {
                found.add(key);
            }
        }
        return found;
    }

    @Override
    public void checkAdd(Document document, MongoCollection<Object> collection) {
        if (documents.containsKey(key(document))) {
            throw new DuplicateKeyError(this, collection, getKeys(), new KeyValue(document.get("_id")));
        }
    }

    @Override
    public Object getPosition(Document document) {
        Object key = key(document);
        return documents.containsKey(key) ? key : null;
    }

    @Override
    public Object remove(Document document) {
        return getPosition(document);
    }

    private static Object key(Document document) {
        return Missing.ofNullable(document.get("_id"));
    }

    @Override
    public boolean isUnique() {
        return true;
    }

    @Override
    public long getCount() {
        return documents.sizeAsLong();
    }

    @Override
    public long getDataSize() {
        return 0;
    }

    @Override
    public void add(Document document, Object position, MongoCollection<Object> collection) {
        // The collection has put it into the map.
    }

    @Override
    public void checkUpdate(Document before, Document after, MongoCollection<Object> collection) {
        // An _id cannot change.
    }

    @Override
    public void updateInPlace(Document before, Document after, Object position, MongoCollection<Object> collection) {
        // An _id cannot change.
    }

    @Override
    public void drop() {
        // The map goes with the collection.
    }
}
