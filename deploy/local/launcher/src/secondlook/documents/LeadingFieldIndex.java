package secondlook.documents;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.NavigableMap;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

import de.bwaldvogel.mongo.MongoCollection;
import de.bwaldvogel.mongo.backend.Index;
import de.bwaldvogel.mongo.backend.IndexKey;
import de.bwaldvogel.mongo.backend.Missing;
import de.bwaldvogel.mongo.backend.Utils;
import de.bwaldvogel.mongo.bson.Document;

/**
 * A plain secondary index, kept in memory and filled again when its collection is opened.
 *
 * <p>It orders the documents by their value in the leading field, which may be a dotted path. It answers equality,
 * {@code $eq}, {@code $in}, {@code $lt}, {@code $lte}, {@code $gt}, {@code $gte} and {@code $exists: true}.
 * Documents without the field are not in it; those with a null, a list or a document there are always candidates.
 */
final class LeadingFieldIndex extends Index<Object> {

    private final String field;
    private final NavigableMap<Object, Set<Object>> byValue = new TreeMap<>(BsonPages.keys());
    private final Set<Object> always = new HashSet<>();
    private long count;

    LeadingFieldIndex(String name, List<IndexKey> keys) {
        super(name, keys, true);
        this.field = keys.get(0).getKey();
    }

    @Override
    public boolean canHandle(Document query) {
        Object asked = query.get(field);
        if (!(asked instanceof Document operators)) {
            return Values.isPlain(asked);
        }
        return operators.entrySet().stream().anyMatch(entry -> answers(entry.getKey(), entry.getValue()));
    }

    private static boolean answers(String operator, Object operand) {
        return switch (operator) {
            case "$exists" -> Utils.isTrue(operand);
            case "$in" -> operand instanceof Collection<?> list && list.stream().allMatch(Values::isPlain);
            case "$eq", "$lt", "$lte", "$gt", "$gte" -> Values.isPlain(operand);
            default -> false;
        };
    }

    @Override
    public Iterable<Object> getPositions(Document query) {
        List<Object> candidates = new ArrayList<>(always);
        buckets(query).forEach(candidates::addAll);
        return candidates;
    }

    /** How many documents {@link #getPositions} would offer; stops counting at {@code enough}. */
    long countCandidates(Document query, long enough) {
        long candidates = always.size();
        for (Set<Object> bucket : buckets(query)) {
            candidates += bucket.size();
            if (candidates >= enough) {
                break;
            }
        }
        return candidates;
    }

    private Collection<Set<Object>> buckets(Document query) {
        Object asked = query.get(field);
        if (!(asked instanceof Document operators)) {
            return bucket(asked);
        }
        if (operators.containsKey("$eq") && answers("$eq", operators.get("$eq"))) {
            return bucket(operators.get("$eq"));
        }
        if (operators.containsKey("$in") && answers("$in", operators.get("$in"))) {
            Set<Object> distinct = new TreeSet<>(BsonPages.keys());
            distinct.addAll((Collection<?>) operators.get("$in"));
            return distinct.stream().flatMap(value -> bucket(value).stream()).toList();
        }
        return range(operators).values();
    }

    private Collection<Set<Object>> bucket(Object value) {
        Set<Object> bucket = byValue.get(value);
        return bucket == null ? List.of() : List.of(bucket);
    }

    /** Bounds count as inclusive, whichever they are: the matcher takes the others out. */
    private NavigableMap<Object, Set<Object>> range(Document operators) {
        Object low = bound(operators, "$gte", "$gt");
        Object high = bound(operators, "$lte", "$lt");
        if (low != null && high != null) {
            return BsonPages.keys().compare(low, high) > 0
                ? Collections.emptyNavigableMap() : byValue.subMap(low, true, high, true);
        }
        if (low != null) {
            return byValue.tailMap(low, true);
        }
        return high != null ? byValue.headMap(high, true) : byValue;
    }

    private static Object bound(Document operators, String one, String other) {
        Object bound = Values.isPlain(operators.get(one)) ? operators.get(one) : operators.get(other);
        return Values.isPlain(bound) ? bound : null;
    }

    @Override
    public void add(Document document, Object position, MongoCollection<Object> collection) {
        put(document, position);
    }

    @Override
    public Object remove(Document document) {
        Object position = getPosition(document);
        take(document, position);
        return position;
    }

    @Override
    public void updateInPlace(Document before, Document after, Object position, MongoCollection<Object> collection) {
        take(before, position);
        put(after, position);
    }

    private void put(Document document, Object position) {
        Object value = Utils.getSubdocumentValueCollectionAware(document, field);
        if (value instanceof Missing) {
            return;
        }
        boolean added = Values.isPlain(value)
            ? byValue.computeIfAbsent(value, key -> new HashSet<>(2)).add(position)
            : always.add(position);
        count += added ? 1 : 0;
    }

    private void take(Document document, Object position) {
        Object value = Utils.getSubdocumentValueCollectionAware(document, field);
        boolean removed;
        if (Values.isPlain(value)) {
            Set<Object> bucket = byValue.get(value);
            removed = bucket != null && bucket.remove(position);
            if (removed && bucket.isEmpty()) {
                byValue.remove(value);
            }
        } else {
            removed = always.remove(position);
        }
        count -= removed ? 1 : 0;
    }

    @Override
    public Object getPosition(Document document) {
        return Missing.ofNullable(document.get("_id"));
    }

    @Override
    public boolean hasSameOptions(Index<?> other) {
        return other instanceof LeadingFieldIndex;
    }

    @Override
    public long getCount() {
        return count;
    }

    @Override
    public long getDataSize() {
        return 0;
    }

    @Override
    public void checkAdd(Document document, MongoCollection<Object> collection) {
        // Any value may come any number of times.
    }

    @Override
    public void checkUpdate(Document before, Document after, MongoCollection<Object> collection) {
        // Any value may come any number of times.
    }

    @Override
    public void drop() {
        byValue.clear();
        always.clear();
    }
}
