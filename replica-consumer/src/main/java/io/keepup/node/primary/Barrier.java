package io.keepup.node.primary;

import java.time.Duration;
import java.util.Arrays;
import java.util.Collection;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The LSN that is durable on a majority of primary and replicas, in one epoch. It never falls: what was on a majority
 * once is what an acknowledged write relies on [P2]. Thread-safe.
 */
public final class Barrier {

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition raised = lock.newCondition();
    private long confirmed;
    private boolean closed;

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
    boolean raise(long lsn) {
        lock.lock();
        try {
            if (lsn <= confirmed) {
                return false;
            }
            confirmed = lsn;
            raised.signalAll();
            return true;
        } finally {
            lock.unlock();
        }
    }

    /** Returns whether the barrier covers an LSN, waiting at most {@code limit} for it. */
    boolean await(long lsn, Duration limit) {
        lock.lock();
        try {
            long left = limit.toNanos();
            while (confirmed < lsn && !closed && left > 0) {
                left = raised.awaitNanos(left);
            }
            return confirmed >= lsn;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        } finally {
            lock.unlock();
        }
    }

    /** Lets everybody go who waits. */
    void close() {
        lock.lock();
        try {
            closed = true;
            raised.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** The confirmed LSN. */
    public long confirmed() {
        lock.lock();
        try {
            return confirmed;
        } finally {
            lock.unlock();
        }
    }
}
