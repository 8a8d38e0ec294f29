package secondlook.documents;

import java.net.InetSocketAddress;
import java.nio.file.Path;

import org.h2.mvstore.DataUtils;
import org.h2.mvstore.MVStore;
import org.h2.mvstore.MVStoreException;

import de.bwaldvogel.mongo.MongoServer;

/**
 * The MongoDB-compatible document server of the local platform: {@code Main HOST PORT FILE}.
 *
 * <p>It stands in for a real {@code mongod} where there is none. An acknowledged write is on the disk: it survives
 * SIGKILL and a power cut. Single-document updates are atomic, unique indexes are unique. It has no replication, no
 * transactions, no change streams, no partial and no TTL indexes.
 */
public final class Main {

    private static final int USAGE = 64;
    private static final int CANNOT_START = 1;

    private Main() {
    }

    public static void main(String[] arguments) {
        if (arguments.length != 3) {
            stop(USAGE, "usage: Main HOST PORT FILE");
        }
        InetSocketAddress address = new InetSocketAddress(arguments[0], Integer.parseInt(arguments[1]));
        Path file = Path.of(arguments[2]).toAbsolutePath();

        Backend backend = new Backend(open(file));
        MongoServer server = new MongoServer(backend);
        try {
            server.bind(address);
        } catch (Exception cannotBind) {  // Netty throws a checked BindException that no signature names.
            stop(CANNOT_START, "The document server cannot listen on port " + address.getPort()
                + ": another program uses it. Stop that program or choose another port.");
        }
        Runtime.getRuntime().addShutdownHook(new Thread(server::shutdownNow, "stop"));
        System.out.println("The document server listens on " + address + " and keeps its data in " + file);
    }

    private static MVStore open(Path file) {
        try {
            MVStore store = new MVStore.Builder().fileName(file.toString()).autoCommitDisabled().open();
            // Chunks that nothing points to may be written over at once: each commit is synced before it is
            // acknowledged, so no older version is ever needed. Without this the file grows to five times its size.
            store.setRetentionTime(0);
            return store;
        } catch (MVStoreException cannotOpen) {
            if (cannotOpen.getErrorCode() == DataUtils.ERROR_FILE_LOCKED) {
                stop(CANNOT_START, "The data file " + file + " is in use by another document server."
                    + " Stop that server or choose another data folder.");
            }
            stop(CANNOT_START, "The data file " + file + " cannot be opened: " + cannotOpen.getMessage());
            throw cannotOpen;
        }
    }

    /** Ends at once: no hook runs, since nothing has been acknowledged that is not on the disk. */
    static void stop(int status, String sentence) {
        System.err.println(sentence);
        System.err.flush();
        Runtime.getRuntime().halt(status);
    }
}
