package io.keepup.engine.word;

/** Why a session was issued: the outcome of a decision [E4], [P3]-[P5]. */
public enum SessionCause implements Word {
    /** No session. */
    NONE("", ""),
    /** The WAL still holds what the replica misses. */
    BEHIND("behind", ""),
    /** The WAL no longer holds what the replica misses. */
    BEHIND_WAL_TAIL("behind_wal_tail", "applied_lsn < primary_wal_tail"),
    /** The replica has nothing at all: catch-up when the WAL was never trimmed, else rebuild. */
    EMPTY("empty", "applied_lsn < primary_wal_tail"),
    /** The replica's own WAL or extent is damaged [P4]. */
    LOCAL_CORRUPT("local_corrupt", "local_corrupt"),
    /** The replica holds entries the primary never had [P5]. */
    DIVERGED("diverged", "diverged"),
    /** The replica's marker of an unfinished rebuild stands [P3], [P4]. */
    REBUILD_UNFINISHED("rebuild_unfinished", "rebuild_unfinished"),
    /** An operator asked for it. */
    OPERATOR_REQUEST("operator_request", "operator_request");

    private final String word;
    private final String rebuildReason;

    SessionCause(String word, String rebuildReason) {
        this.word = word;
        this.rebuildReason = rebuildReason;
    }

    @Override
    public String word() {
        return word;
    }

    /** What the session of a rebuild says as its reason while it lives [E5]. */
    public String rebuildReason() {
        return rebuildReason;
    }

    /** The replica's local data is known to be worthless, whatever a later ack says of its position. */
    public boolean discardsLocalData() {
        return this == LOCAL_CORRUPT || this == DIVERGED;
    }
}
