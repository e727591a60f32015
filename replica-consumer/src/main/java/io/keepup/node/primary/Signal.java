package io.keepup.node.primary;

import java.time.Duration;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/** Wakes one waiting loop; a signal given while nobody waits is kept. */
final class Signal {

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition raised = lock.newCondition();
    private boolean pending;

    void raise() {
        lock.lock();
        try {
            pending = true;
            raised.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** Returns at a signal, or after {@code limit}; says whether there was one. */
    boolean await(Duration limit) {
        lock.lock();
        try {
            long left = limit.toNanos();
            while (!pending && left > 0) {
                left = raised.awaitNanos(left);
            }
            boolean was = pending;
            pending = false;
            return was;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while waiting for work", e);
        } finally {
            lock.unlock();
        }
    }
}
