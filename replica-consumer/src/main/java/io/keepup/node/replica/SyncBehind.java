package io.keepup.node.replica;

import io.keepup.node.NodeContext;
import io.keepup.node.world.Signal;
import io.keepup.volume.Volume;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;

/**
 * Makes what a session applies durable in a task of its own, one fsync for all that came meanwhile: the lane moves while the
 * disk works. Used by the session's task.
 */
final class SyncBehind implements AutoCloseable {

    private static final Duration LOOK = Duration.ofMillis(200);
    /** So many bytes may be applied and not yet durable. */
    private static final long MOST_BYTES = 64 << 20;

    private final NodeContext context;
    private final Volume volume;
    private final Signal applied;
    private final Signal synced;
    private final CompletableFuture<Void> task;
    private volatile long appliedBytes;
    private volatile long syncedBytes;
    private volatile long durableLsn;
    private volatile RuntimeException failure;
    private volatile boolean closing;

    /** @param name of the task */
    SyncBehind(NodeContext context, String name, Volume volume) {
        this.context = context;
        this.volume = volume;
        this.durableLsn = volume.status().durableLsn();
        this.applied = new Signal(context.tasks());
        this.synced = new Signal(context.tasks());
        this.task = context.tasks().start(name, this::run);
    }

    private void run() {
        try {
            while (!closing) {
                if (applied.await(LOOK)) {
                    long upTo = appliedBytes;
                    durableLsn = volume.sync();
                    syncedBytes = upTo;
                    synced.raise();
                }
            }
        } catch (RuntimeException e) {
            failure = e;
            synced.raise();
        }
    }

    /** So many bytes were applied; says whether there is room for more, else {@link #awaitRoom} comes first. */
    boolean applied(long bytes) {
        appliedBytes += bytes;
        applied.raise();
        return hasRoom();
    }

    /** Waits for room, not for long; throws what an fsync threw. */
    boolean awaitRoom() {
        synced.await(LOOK);
        if (failure != null) {
            throw failure;
        }
        return hasRoom();
    }

    private boolean hasRoom() {
        return appliedBytes - syncedBytes <= MOST_BYTES && failure == null;
    }

    /** What is durable by now. */
    long durableLsn() {
        return durableLsn;
    }

    /** Makes the rest durable; throws what an fsync threw. */
    long finish() {
        close();
        if (failure != null) {
            throw failure;
        }
        durableLsn = volume.sync();
        return durableLsn;
    }

    @Override
    public void close() {
        closing = true;
        applied.raise();
        context.tasks().await(task);
    }
}
