package io.keepup.bench.simulate.plan;

/**
 * One deed.
 *
 * @param millis virtual time of it
 * @param salt all that is left to chance about it follows from this number
 */
public record Item(long millis, Deed deed, long salt) {
    @Override
    public String toString() {
        return "%6d ms  %s".formatted(millis, deed.word());
    }
}
