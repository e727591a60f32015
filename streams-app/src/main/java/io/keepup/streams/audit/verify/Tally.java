package io.keepup.streams.audit.verify;

import io.keepup.engine.Engine;

/** How the outputs of one volume on one topic compare. */
public final class Tally {

    private long expected;
    private long equal;
    private long gone;
    private long older;

    /** Records that follow from the events. */
    public long expected() {
        return expected;
    }

    /** Those of them that are on the topic, the same byte for byte. */
    public long equal() {
        return equal;
    }

    /** Those that compaction or retention took away, so that nothing can be said of them. */
    public long gone() {
        return gone;
    }

    /** Those of the equal ones that another engine wrote, to the same effect. */
    public long older() {
        return older;
    }

    void expect() {
        expected++;
    }

    void equal(int version) {
        equal++;
        older += version != Engine.VERSION ? 1 : 0;
    }

    void goneWithAge() {
        gone++;
    }

    void add(Tally other) {
        expected += other.expected;
        equal += other.equal;
        gone += other.gone;
        older += other.older;
    }
}
