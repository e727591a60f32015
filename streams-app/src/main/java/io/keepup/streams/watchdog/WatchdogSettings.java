package io.keepup.streams.watchdog;

import java.time.Duration;

/**
 * How closely sessions [C4] and primaries are watched.
 *
 * @param interval between two looks
 * @param stallLimit how long a live session may say nothing new
 * @param budget how long a live session may go on without getting nearer to its end
 * @param silenceLimit how long a primary may go unheard: longer than it takes to say what has not changed
 * @throws IllegalArgumentException when one is not positive
 */
public record WatchdogSettings(Duration interval, Duration stallLimit, Duration budget, Duration silenceLimit) {

    /**
     * A look every second; half a minute without news is a stall, a quarter of an hour of news that lead nowhere is enough, both
     * somewhat longer than a replica itself allows; a primary says what has not changed every 5 s, so three times that is a
     * silence.
     */
    public static final WatchdogSettings DEFAULT = new WatchdogSettings(
            Duration.ofSeconds(1), Duration.ofSeconds(30), Duration.ofMinutes(15), Duration.ofSeconds(15));

    public WatchdogSettings {
        if (!interval.isPositive() || !stallLimit.isPositive() || !budget.isPositive() || !silenceLimit.isPositive()) {
            throw new IllegalArgumentException("the watchdog's times must be positive, not %s, %s, %s and %s"
                    .formatted(interval, stallLimit, budget, silenceLimit));
        }
    }
}
