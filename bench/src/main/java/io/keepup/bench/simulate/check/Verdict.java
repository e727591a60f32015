package io.keepup.bench.simulate.check;

import io.keepup.bench.simulate.time.Scheduler;
import java.util.Locale;

/** Takes down the first violation of a history and ends it there. */
public final class Verdict {

    private final Scheduler time;
    private Violation first;

    public Verdict(Scheduler time) {
        this.time = time;
    }

    public void violated(int invariant, String volumeId, String what, Object... arguments) {
        if (first == null) {
            first = new Violation(
                    invariant, volumeId, String.format(Locale.ROOT, what, arguments), time.now() / 1_000_000);
            time.stop();
        }
    }

    /** The first violation; null when all held so far. */
    public Violation first() {
        return first;
    }
}
