package io.keepup.bench.simulate.plan;

import java.util.Locale;

/**
 * One deed.
 *
 * @param millis virtual time of it
 * @param salt all that is left to chance about it follows from this number
 */
public record Item(long millis, Deed deed, long salt) {
    @Override
    public String toString() {
        return String.format(Locale.ROOT, "%6d ms  %s", millis, deed.word());
    }
}
