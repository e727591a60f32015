package io.keepup.node;

import io.keepup.service.failure.RepeatedFailureLog;

/**
 * One thing that may be held up and is tried until it succeeds. Logs that it is, and once that it goes on again; both as one kind
 * with whatever else of the node is held up alike, so that a broker that is away is a line a minute, not one per try or volume.
 * Thread-safe.
 */
public final class Trouble {

    private final RepeatedFailureLog log;
    private final String kind;
    private final String what;
    private volatile boolean held;

    /**
     * @param kind as {@link RepeatedFailureLog} has it
     * @param what is held up, as a sentence begins: {@code Volume v: shipping}
     */
    public Trouble(RepeatedFailureLog log, String kind, String what) {
        this.log = log;
        this.kind = kind;
        this.what = what;
    }

    /** It failed and will be tried again. */
    public synchronized void met(Exception why) {
        held = true;
        log.error(kind, what + " is held up, trying again", why);
    }

    /** It succeeded. */
    public void over() {
        if (held) {
            end();
        }
    }

    private synchronized void end() {
        if (held) {
            held = false;
            log.warn(kind + ", over", what + " goes on");
        }
    }
}
