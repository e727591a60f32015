package io.keepup.streams.watchdog;

import java.time.Duration;

/**
 * Time as the watchdog counts it, ms: by its looks. What passes between two looks counts as two intervals at most, so that
 * nobody is missed for as long as nobody looked, and nothing at all when the clock goes back [A11], [A12]. Not thread-safe.
 */
public final class WatchTime {

    private final long mostMs;
    private long lookedAt;
    private long watched;

    /**
     * @param interval between two looks
     * @param now ms by any clock, which all further times are of
     */
    public WatchTime(Duration interval, long now) {
        this.mostMs = 2 * interval.toMillis();
        this.lookedAt = now;
    }

    /** What is counted until now. */
    public long at(long now) {
        return watched + Math.clamp(now - lookedAt, 0, mostMs);
    }

    /** The same, at a look. */
    public long look(long now) {
        watched = at(now);
        lookedAt = now;
        return watched;
    }
}
