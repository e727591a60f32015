package io.keepup.streams.view;

import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;

/**
 * Which volumes changed since one reader last asked. Holds each id once, so a slow reader costs at most one entry a
 * volume and gets the newest content, never a backlog. Thread-safe.
 */
public final class VolumeChanges implements AutoCloseable {

    private final Consumer<VolumeChanges> onClose;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition news = lock.newCondition();
    private Set<String> changed = new LinkedHashSet<>();
    private boolean closed;

    public VolumeChanges(Consumer<VolumeChanges> onClose) {
        this.onClose = onClose;
    }

    public void changed(String volumeId) {
        lock.lock();
        try {
            changed.add(volumeId);
            news.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /**
     * Waits for a change.
     *
     * @return ids of volumes in the order of their first change; empty when none came in time, or after {@link #close()}
     */
    public Set<String> await(Duration limit) throws InterruptedException {
        lock.lock();
        try {
            long left = limit.toNanos();
            while (changed.isEmpty() && !closed && left > 0) {
                left = news.awaitNanos(left);
            }
            return taken();
        } finally {
            lock.unlock();
        }
    }

    /** Those that changed since, without waiting. */
    public Set<String> take() {
        lock.lock();
        try {
            return taken();
        } finally {
            lock.unlock();
        }
    }

    private Set<String> taken() {
        if (changed.isEmpty()) {
            return Set.of();
        }
        Set<String> taken = changed;
        changed = new LinkedHashSet<>();
        return taken;
    }

    /** Whether nothing more will come. */
    public boolean closed() {
        lock.lock();
        try {
            return closed;
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void close() {
        lock.lock();
        try {
            closed = true;
            changed.clear();
            news.signalAll();
        } finally {
            lock.unlock();
        }
        onClose.accept(this);
    }
}
