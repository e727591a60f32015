package io.keepup.node.primary;

import io.keepup.node.world.Tasks;
import java.time.Duration;
import java.util.Arrays;
import java.util.Collection;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;

/**
 * The LSN that is durable on a majority of primary and replicas, in one epoch. It never falls: what was on a majority
 * once is what an acknowledged write relies on [P2]. Thread-safe.
 */
public final class Barrier {

    private final Tasks tasks;
    private final NavigableMap<Long, CompletableFuture<Void>> waiting = new TreeMap<>();
    private long confirmed;
    private boolean closed;

    Barrier(Tasks tasks) {
        this.tasks = tasks;
    }

    /** The LSN that a majority of these copies has reached. */
    static long majority(long primaryDurable, Collection<Long> replicaDurable) {
        long[] copies = new long[replicaDurable.size() + 1];
        int i = 0;
        copies[i++] = primaryDurable;
        for (long durable : replicaDurable) {
            copies[i++] = durable;
        }
        Arrays.sort(copies);
        // The (n/2 + 1)-th largest of n.
        return copies[copies.length - (copies.length / 2 + 1)];
    }

    /** Raises the barrier; false when it was there already. */
    synchronized boolean raise(long lsn) {
        if (lsn <= confirmed) {
            return false;
        }
        confirmed = lsn;
        letGo(waiting.headMap(lsn, true));
        return true;
    }

    /** Returns whether the barrier covers an LSN, waiting at most {@code limit} for it. */
    boolean await(long lsn, Duration limit) {
        tasks.await(covered(lsn), limit);
        return confirmed() >= lsn;
    }

    /** Done when the barrier covers an LSN, or is closed. */
    private synchronized CompletableFuture<Void> covered(long lsn) {
        return lsn <= confirmed || closed
                ? CompletableFuture.completedFuture(null)
                : waiting.computeIfAbsent(lsn, any -> new CompletableFuture<>());
    }

    /** Lets everybody go who waits. */
    synchronized void close() {
        closed = true;
        letGo(waiting);
    }

    private static void letGo(Map<Long, CompletableFuture<Void>> waiters) {
        waiters.values().forEach(waiter -> waiter.complete(null));
        waiters.clear();
    }

    /** The confirmed LSN. */
    public synchronized long confirmed() {
        return confirmed;
    }
}
