package io.keepup.service.failure;

import java.time.Duration;

/** How long to wait before the next try of what failed: twice as long after each failure, up to a limit. Used by one thread. */
public final class Backoff {

    /** The longest wait of what may be mended by hand at any time. */
    public static final Duration LONGEST = Duration.ofSeconds(30);

    private final Duration first;
    private Duration next;

    /** @param first how long to wait after the first failure */
    public Backoff(Duration first) {
        this.first = first;
        this.next = first;
    }

    /** It failed: how long to wait now. */
    public Duration failed() {
        Duration now = next;
        Duration twice = now.multipliedBy(2);
        next = twice.compareTo(LONGEST) < 0 ? twice : LONGEST;
        return now;
    }

    /** It succeeded: the next failure is a first one again. */
    public void succeeded() {
        next = first;
    }
}
