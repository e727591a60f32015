package io.keepup.engine.state;

/**
 * Sessions of one replica that failed one after the other, and the pause that follows from their number [P11]: none after the
 * first, then one second, twice as long after each further one, at most five minutes. It is counted from the primary's first
 * answer after the failure, by the primary's own uptime: no wall clock takes part.
 *
 * @param failures in a row
 * @param answeredAt the primary's uptime, ms, at its first answer after the last of them; 0 while it gave none
 */
public record FailureStreak(int failures, long answeredAt) {

    public static final FailureStreak NONE = new FailureStreak(0, 0);

    private static final long SHORTEST_MS = 1_000;
    private static final long LONGEST_MS = 300_000;
    private static final int MOST_DOUBLINGS = 16;

    /** One more session failed. */
    public FailureStreak another() {
        return new FailureStreak(failures == Integer.MAX_VALUE ? failures : failures + 1, 0);
    }

    /** How long the next session is held back, ms. */
    public long pauseMs() {
        return failures < 2 ? 0 : Math.min(LONGEST_MS, SHORTEST_MS << Math.min(failures - 2, MOST_DOUBLINGS));
    }

    /** An answer came at that uptime of the primary, 0 when it did not tell. */
    public FailureStreak answered(long uptimeMs) {
        return answeredAt > 0 || pauseMs() == 0 ? this : new FailureStreak(failures, uptimeMs);
    }

    /**
     * Whether the next session is held back at that uptime. Not by a primary that does not tell it, nor by one that was started
     * again meanwhile: it may be another try.
     */
    public boolean pausesAt(long uptimeMs) {
        return uptimeMs > 0 && uptimeMs >= answeredAt && uptimeMs - answeredAt < pauseMs();
    }
}
