package io.keepup.engine.word;

/** Why a session ended without its target, or why a replica is not recoverable; a stable vocabulary. */
public enum FailureReason implements Word {
    /** No reason given. */
    NONE(""),
    EPOCH_MISMATCH("epoch_mismatch"),
    TRANSPORT_LOST("transport_lost"),
    PROGRESS_STALLED("progress_stalled"),
    DEADLINE_EXCEEDED("deadline_exceeded"),
    PIN_LOST("pin_lost"),
    SNAPSHOT_UNAVAILABLE("snapshot_unavailable"),
    LOCAL_WAL_CORRUPT("local_wal_corrupt"),
    LOCAL_EXTENT_CORRUPT("local_extent_corrupt"),
    SUPERSEDED("superseded"),
    CANCELLED("cancelled"),
    /** The replica's disk takes no changes [P9]: what it holds may be whole, and nothing can be added to it. */
    DISK_FAILED("disk_failed"),
    /** Word of the founding replicas for a hole in the live lane; a fact in an ack, never the end of a session. */
    GAP("gap");

    private final String word;

    FailureReason(String word) {
        this.word = word;
    }

    @Override
    public String word() {
        return word;
    }

    /** The replica says that its own data is damaged [P4]. */
    public boolean localCorruption() {
        return this == LOCAL_WAL_CORRUPT || this == LOCAL_EXTENT_CORRUPT;
    }
}
