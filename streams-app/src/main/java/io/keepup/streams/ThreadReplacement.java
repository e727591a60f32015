package io.keepup.streams;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.LongSupplier;

/**
 * How often a stream thread may die before the instance gives up: what passes is tried again, a bug would spin for ever.
 * Thread-safe.
 */
final class ThreadReplacement {

    static final int LIMIT = 5;
    static final Duration WITHIN = Duration.ofMinutes(1);

    /** A thread that dies of what it reads dies again when it has come there again: the fold does not move meanwhile. */
    static final Duration SETTLED = Duration.ofSeconds(20);

    private final LongSupplier nanoTime;
    private final Deque<Long> deaths = new ArrayDeque<>();

    ThreadReplacement(LongSupplier nanoTime) {
        this.nanoTime = nanoTime;
    }

    /** Counts a death; false when there were more than {@link #LIMIT} {@link #WITHIN} a minute. */
    synchronized boolean allowed() {
        long now = nanoTime.getAsLong();
        deaths.removeIf(then -> now - then > WITHIN.toNanos());
        deaths.add(now);
        return deaths.size() <= LIMIT;
    }

    /** Whether a thread has died so recently that its replacement may be about to. */
    synchronized boolean unsettled() {
        return !deaths.isEmpty() && nanoTime.getAsLong() - deaths.getLast() < SETTLED.toNanos();
    }
}
