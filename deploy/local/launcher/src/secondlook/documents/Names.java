package secondlook.documents;

import java.util.List;

import org.h2.mvstore.MVMap;
import org.h2.mvstore.MVStore;

import de.bwaldvogel.mongo.bson.Document;

/** How databases, collections and unique indexes are named as maps of the store. */
final class Names {

    private static final String DOCUMENTS = "documents/";
    private static final String UNIQUE = "unique/";

    private Names() {
    }

    static MVMap<Object, Document> documents(MVStore store, String namespace) {
        return open(store, DOCUMENTS + namespace);
    }

    static <V> MVMap<Object, V> unique(MVStore store, String namespace, String index) {
        return open(store, unique(namespace, index));
    }

    static String unique(String namespace, String index) {
        return UNIQUE + namespace + "/" + index;
    }

    static List<String> databases(MVStore store) {
        return store.getMapNames().stream()
            .filter(name -> name.startsWith(DOCUMENTS))
            .map(name -> name.substring(DOCUMENTS.length(), name.indexOf('.')))
            .distinct()
            .sorted()
            .toList();
    }

    /** All maps of one database: its name ends at the first dot, since a database name has none. */
    static List<String> ofDatabase(MVStore store, String database) {
        return store.getMapNames().stream()
            .filter(name -> name.startsWith(DOCUMENTS + database + ".") || name.startsWith(UNIQUE + database + "."))
            .toList();
    }

    private static <V> MVMap<Object, V> open(MVStore store, String name) {
        return store.openMap(name, new MVMap.Builder<Object, V>().keyType(BsonPages.keys()).valueType(BsonPages.values()));
    }
}
