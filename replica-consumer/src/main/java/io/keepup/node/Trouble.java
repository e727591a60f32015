package io.keepup.node;

import org.slf4j.Logger;

/**
 * Says once that something is held up, and once that it goes on again: a broker that is away for an hour is two lines, not
 * one per try. Another kind of failure is said again. Thread-safe.
 */
public final class Trouble {

    private final Logger log;
    private final String what;
    private volatile Class<?> known;

    /** @param what is held up, as a sentence begins: {@code Volume v: shipping} */
    public Trouble(Logger log, String what) {
        this.log = log;
        this.what = what;
    }

    /** It failed and will be tried again. */
    public synchronized void met(Exception why) {
        if (why.getClass() == known) {
            log.debug("{} is still held up", what, why);
            return;
        }
        known = why.getClass();
        log.error("{} is held up, trying again", what, why);
    }

    /** It succeeded. */
    public void over() {
        if (known != null) {
            end();
        }
    }

    private synchronized void end() {
        if (known != null) {
            known = null;
            log.warn("{} goes on", what);
        }
    }
}
