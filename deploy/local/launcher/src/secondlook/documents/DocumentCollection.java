package secondlook.documents;

import java.util.UUID;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

import org.h2.mvstore.MVMap;

import de.bwaldvogel.mongo.MongoDatabase;
import de.bwaldvogel.mongo.backend.AbstractMongoCollection;
import de.bwaldvogel.mongo.backend.CollectionOptions;
import de.bwaldvogel.mongo.backend.CursorRegistry;
import de.bwaldvogel.mongo.backend.DocumentWithPosition;
import de.bwaldvogel.mongo.backend.Index;
import de.bwaldvogel.mongo.backend.Missing;
import de.bwaldvogel.mongo.backend.QueryResult;
import de.bwaldvogel.mongo.backend.Utils;
import de.bwaldvogel.mongo.backend.ValueComparator;
import de.bwaldvogel.mongo.bson.Document;

/**
 * A collection whose documents lie in one map of the store, by {@code _id}.
 *
 * <p>Indexes only ever offer <em>candidates</em>; each is still compared with the whole filter. An index may therefore
 * offer too many, never too few.
 */
final class DocumentCollection extends AbstractMongoCollection<Object> {

    private final MVMap<Object, Document> documents;
    private Document nextScan;

    DocumentCollection(MongoDatabase database, String name, CollectionOptions options,
                       MVMap<Object, Document> documents, CursorRegistry cursors) {
        super(database, name, options, cursors);
        this.documents = documents;
    }

    @Override
    protected QueryResult queryDocuments(Document query, Document orderBy, int skip, int limit, int batchSize,
                                         Document fields) {
        Index<Object> best = bestIndexFor(query);
        if (best == null) {
            return matchDocuments(query, orderBy, skip, limit, batchSize, fields);
        }
        Document rest = query;
        if (best instanceof IdIndex) {
            // The map has already answered this part; the matcher would compare each document with a whole $in list.
            rest = query.clone();
            rest.remove("_id");
        }
        return matchDocuments(rest, best.getPositions(query), orderBy, skip, limit, batchSize, fields);
    }

    private Index<Object> bestIndexFor(Document query) {
        Index<Object> best = null;
        long fewest = Long.MAX_VALUE;
        for (Index<Object> index : getIndexes()) {
            if (!index.canHandle(query)) {
                continue;
            }
            if (!(index instanceof LeadingFieldIndex)) {
                return index;
            }
            long candidates = ((LeadingFieldIndex) index).countCandidates(query, fewest);
            if (candidates < fewest) {
                fewest = candidates;
                best = index;
            }
        }
        return best;
    }

    /** The next read of the whole collection is for a pipeline that begins with this filter. */
    void narrowNextScan(Document filter) {
        nextScan = filter;
    }

    @Override
    public Stream<Document> queryAllAsStream() {
        Document filter = nextScan;
        nextScan = null;
        Index<Object> best = filter == null ? null : bestIndexFor(filter);
        if (best == null) {
            return documents.values().stream();
        }
        return StreamSupport.stream(best.getPositions(filter).spliterator(), false).map(this::getDocument);
    }

    @Override
    protected QueryResult matchDocuments(Document query, Document orderBy, int skip, int limit, int batchSize,
                                         Document fields) {
        Stream<Document> all = documents.values().stream();
        if (isNaturalDescending(orderBy)) {
            all = streamAllDocumentsWithPosition()
                .sorted((one, other) -> ValueComparator.desc().compare(one.getPosition(), other.getPosition()))
                .map(DocumentWithPosition::getDocument);
        }
        return matchDocumentsFromStream(all, query, orderBy, skip, limit, batchSize, fields);
    }

    @Override
    protected Stream<DocumentWithPosition<Object>> streamAllDocumentsWithPosition() {
        return documents.entrySet().stream().map(entry -> new DocumentWithPosition<>(entry.getValue(), entry.getKey()));
    }

    @Override
    protected Object addDocumentInternal(Document document) {
        String idField = getIdField();
        Object key = idField == null ? UUID.randomUUID() : Missing.ofNullable(Utils.getSubdocumentValue(document, idField));
        if (documents.putIfAbsent(key, document) != null) {
            throw new IllegalStateException("a document with this key already exists in " + this);
        }
        return key;
    }

    @Override
    protected void handleUpdate(Object key, Document before, Document after) {
        documents.put(key, after);
    }

    @Override
    protected void removeDocument(Object key) {
        documents.remove(key);
    }

    @Override
    protected Document getDocument(Object key) {
        return documents.get(key);
    }

    @Override
    public int count() {
        return documents.size();
    }

    /** Off: to keep the size of a collection, the library encodes every document twice more for each update. */
    @Override
    protected boolean tracksDataSize() {
        return false;
    }

    @Override
    protected void updateDataSize(int change) {
        throw new IllegalStateException("the size of collections is not tracked");
    }

    @Override
    protected int getDataSize() {
        return 0;
    }
}
