package io.keepup.bench.simulate.log;

import io.keepup.bench.simulate.time.Draws;

/** How long a record is under way: mostly a few ms, now and then much longer. */
final class Latency {

    private Latency() {}

    /** Ns; of its own for the {@code n}th record of a purpose, whatever else happens. */
    static long of(long seed, String purpose, long n) {
        long drawn = Draws.at(seed, purpose, n);
        double kind = Draws.fraction(drawn);
        double share = Draws.fraction(Draws.at(drawn, "share", 0));
        if (kind < 0.85) {
            return (long) (300_000 + share * 2_000_000);
        }
        if (kind < 0.985) {
            return (long) (2_000_000 + share * 40_000_000);
        }
        return (long) (40_000_000 + share * 400_000_000);
    }
}
