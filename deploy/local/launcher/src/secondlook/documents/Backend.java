package secondlook.documents;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;

import org.h2.mvstore.MVStore;

import de.bwaldvogel.mongo.MongoDatabase;
import de.bwaldvogel.mongo.MongoVersion;
import de.bwaldvogel.mongo.backend.AbstractMongoBackend;
import de.bwaldvogel.mongo.backend.QueryResult;
import de.bwaldvogel.mongo.bson.Document;
import de.bwaldvogel.mongo.wire.message.MongoQuery;
import io.netty.channel.Channel;

/**
 * Runs one command at a time, and puts what it changed on the disk before it is answered.
 *
 * <p>The library changes documents in place. A commit or a reply that ran beside an update would see half of it, hence
 * one lock around the command, its commit, and the copy of what it answers.
 */
final class Backend extends AbstractMongoBackend {

    /** Wire version 13 is MongoDB 5.0; drivers of today refuse servers below 9. */
    private static final MongoVersion VERSION = new MongoVersion() {
        @Override
        public List<Integer> getVersionArray() {
            return List.of(5, 0, 0);
        }

        @Override
        public int getWireVersion() {
            return 13;
        }
    };

    /** Commands that touch no document; a busy server still answers them, so that drivers do not call it dead. */
    private static final Set<String> WITHOUT_LOCK = Set.of("ismaster", "hello", "ping", "buildinfo");

    private static final int CANNOT_STORE = 3;

    private final ReentrantLock lock = new ReentrantLock();
    private final Map<String, MongoDatabase> opened = new HashMap<>();
    private final MVStore store;

    Backend(MVStore store) {
        this.store = store;
        version(VERSION);
        Names.databases(store).forEach(this::resolveDatabase);
        save();
    }

    @Override
    public Document handleCommand(Channel channel, String database, String command, Document query) {
        String name = command.toLowerCase();
        if (name.equals("hello")) {
            return super.handleCommand(channel, database, "ismaster", query).append("isWritablePrimary", true);
        }
        if (WITHOUT_LOCK.contains(name)) {
            return super.handleCommand(channel, database, command, query);
        }
        return alone(() -> super.handleCommand(channel, database, command, query).cloneDeeply());
    }

    @Override
    public QueryResult handleQuery(MongoQuery query) {
        return alone(() -> {
            QueryResult live = super.handleQuery(query);
            List<Document> copies = live.collectDocuments().stream().map(Document::cloneDeeply).toList();
            return new QueryResult(copies, live.getCursorId());
        });
    }

    @Override
    public void handleClose(Channel channel) {
        alone(() -> {
            super.handleClose(channel);
            return null;
        });
    }

    @Override
    public void dropDatabase(String name) {
        super.dropDatabase(name);
        opened.remove(name);
    }

    @Override
    protected MongoDatabase openOrCreateDatabase(String name) {
        return opened.computeIfAbsent(name, key -> new Database(key, store, getCursorRegistry()));
    }

    @Override
    public void close() {
        alone(() -> {
            super.close();
            store.close();
            return null;
        });
    }

    private <T> T alone(Supplier<T> work) {
        lock.lock();
        try {
            return work.get();
        } finally {
            // Also after a failure: of a bulk write, the part before it stays done.
            save();
            lock.unlock();
        }
    }

    private void save() {
        if (store.isClosed() || !store.hasUnsavedChanges()) {
            return;
        }
        try {
            store.commit();
            store.sync();
        } catch (RuntimeException failed) {
            // What is in memory is now ahead of the disk. To go on would acknowledge what a restart forgets.
            Main.stop(CANNOT_STORE, "The document server cannot write its data file and has stopped. "
                + "Make room on the disk, then start again. Reason: " + failed.getMessage());
        }
    }
}
