package secondlook.documents;

import java.time.Instant;
import java.util.UUID;

import de.bwaldvogel.mongo.bson.BinData;
import de.bwaldvogel.mongo.bson.Document;
import de.bwaldvogel.mongo.bson.ObjectId;

/** Which values the indexes may order by themselves; all others are left to the matcher. */
final class Values {

    private Values() {
    }

    /** True for values that are equal exactly when they compare as equal, and that are no list and no document. */
    static boolean isPlain(Object value) {
        return value instanceof String || value instanceof UUID || value instanceof Integer || value instanceof Long
            || value instanceof Double || value instanceof Instant || value instanceof Boolean
            || value instanceof ObjectId || value instanceof BinData;
    }

    static boolean hasOperators(Document asked) {
        return asked.keySet().stream().anyMatch(key -> key.startsWith("$"));
    }
}
