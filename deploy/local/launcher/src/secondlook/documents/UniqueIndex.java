package secondlook.documents;

import java.util.List;
import java.util.Map.Entry;

import org.h2.mvstore.MVMap;

import de.bwaldvogel.mongo.backend.AbstractUniqueIndex;
import de.bwaldvogel.mongo.backend.Index;
import de.bwaldvogel.mongo.backend.IndexKey;
import de.bwaldvogel.mongo.backend.KeyValue;

/** A unique index that lies in the store beside its documents and is written by the same commit. */
final class UniqueIndex extends AbstractUniqueIndex<Object> {

    private final MVMap<Object, Object> positions;

    UniqueIndex(String name, List<IndexKey> keys, boolean sparse, MVMap<Object, Object> positions) {
        super(name, keys, sparse);
        this.positions = positions;
    }

    @Override
    protected Object removeDocument(KeyValue key) {
        return positions.remove(key);
    }

    @Override
    protected boolean putKeyPosition(KeyValue key, Object position) {
        return positions.putIfAbsent(key, position) == null;
    }

    @Override
    protected Object getPosition(KeyValue key) {
        return positions.get(key);
    }

    @Override
    @SuppressWarnings({"unchecked", "rawtypes"})
    protected Iterable<Entry<KeyValue, Object>> getIterable() {
        return (Iterable) positions.entrySet();
    }

    @Override
    public boolean hasSameOptions(Index<?> other) {
        return other instanceof UniqueIndex && super.hasSameOptions(other);
    }

    @Override
    public long getCount() {
        return positions.sizeAsLong();
    }

    @Override
    public long getDataSize() {
        return 0;
    }
}
