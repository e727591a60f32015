package io.keepup.bench.simulate.check;

/**
 * One invariant did not hold.
 *
 * @param invariant number in the protocol's list; {@link #LIVENESS} when the volume did not come to rest
 * @param volumeId volume it was seen on
 * @param what one sentence
 * @param millis virtual time at which it was seen
 */
public record Violation(int invariant, String volumeId, String what, long millis) {

    /** All faults were over, and still not all copies were healthy and equal in time. */
    public static final int LIVENESS = 9;

    @Override
    public String toString() {
        String rule = invariant == LIVENESS ? "no rest" : "invariant " + invariant;
        return "%s, volume %s, at %s ms: %s".formatted(rule, volumeId, millis, what);
    }
}
