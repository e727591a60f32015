package io.keepup.bench.simulate.time;

/** What a task waits for. Asked again and again, so both answers must be cheap. */
public interface Wait {

    /** Never, by the clock alone. */
    long NEVER = Long.MAX_VALUE;

    /** Whether the wait is over. */
    boolean over(long now);

    /** When it will be over by the clock alone, ns; {@link #NEVER} when something else has to happen. */
    long until(long now);

    /** Over at a time. */
    static Wait at(long time) {
        return new Wait() {
            @Override
            public boolean over(long now) {
                return now >= time;
            }

            @Override
            public long until(long now) {
                return time;
            }
        };
    }
}
