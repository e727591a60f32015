package io.keepup.volume.wal;

import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;

/** One fsync at a time; it serves all who wait, and whoever came too late for it leads the next. Thread-safe. */
final class GroupCommit {
    private final LongSupplier fsync;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition ended = lock.newCondition();
    private boolean busy;
    private volatile long durableLsn;

    /** @param fsync makes everything written before it durable, and gives the newest such LSN */
    GroupCommit(LongSupplier fsync) {
        this.fsync = fsync;
    }

    long durableLsn() {
        return durableLsn;
    }

    /** Returns the durable LSN: {@code lsn} or more, unless there is no such entry. Throws what the fsync it led throws. */
    long await(long lsn) {
        if (durableLsn >= lsn || awaitOthers(lsn)) {
            return durableLsn;
        }
        lead(fsync);
        return durableLsn;
    }

    /** Runs while no fsync does; sets the durable LSN to the result, up or down. */
    void exclusively(LongSupplier action) {
        awaitOthers(Long.MAX_VALUE);
        lead(action);
    }

    /** Waits for the fsyncs of others; true when they reached {@code lsn}, false when the caller is to lead. */
    private boolean awaitOthers(long lsn) {
        lock.lock();
        try {
            while (busy && durableLsn < lsn) {
                ended.awaitUninterruptibly();
            }
            if (durableLsn >= lsn) {
                return true;
            }
            busy = true;
            return false;
        } finally {
            lock.unlock();
        }
    }

    private void lead(LongSupplier action) {
        try {
            durableLsn = action.getAsLong();
        } finally {
            lock.lock();
            busy = false;
            ended.signalAll();
            lock.unlock();
        }
    }
}
