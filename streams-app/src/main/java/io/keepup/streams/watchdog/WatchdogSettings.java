package io.keepup.streams.watchdog;

import java.time.Duration;

/**
 * How closely sessions are watched [C4].
 *
 * @param interval between two looks
 * @param stallLimit how long a live session may go without progress
 * @throws IllegalArgumentException when one is not positive
 */
public record WatchdogSettings(Duration interval, Duration stallLimit) {

    /** A look every second; half a minute without progress is a stall. */
    public static final WatchdogSettings DEFAULT = new WatchdogSettings(Duration.ofSeconds(1), Duration.ofSeconds(30));

    public WatchdogSettings {
        if (!interval.isPositive() || !stallLimit.isPositive()) {
            throw new IllegalArgumentException(
                    "the watchdog's times must be positive, not %s and %s".formatted(interval, stallLimit));
        }
    }
}
