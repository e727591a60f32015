package io.keepup.engine.word;

/** How a replica was heard in one sync; only {@link #QUORUM} carries facts that the safe policy decides from. */
public enum AckKind implements Word {
    /** The replica answered with its own facts. */
    QUORUM("quorum"),
    TIMED_OUT("timed_out"),
    TRANSPORT_LOST("transport_lost"),
    /** The replica is at another epoch. */
    EPOCH_MISMATCH("epoch_mismatch");

    private final String word;

    AckKind(String word) {
        this.word = word;
    }

    @Override
    public String word() {
        return word;
    }
}
