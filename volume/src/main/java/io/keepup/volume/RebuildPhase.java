package io.keepup.volume;

/** Where a rebuild session stands: {@code accepted → running → base_complete → completed}, or failed from the first three. */
public enum RebuildPhase {
    /** Started, nothing applied yet. */
    ACCEPTED,
    /** At least one chunk or entry was applied. */
    RUNNING,
    /** Every chunk was applied and verified. */
    BASE_COMPLETE,
    /** Completed and durable. */
    COMPLETED,
    /** Ended without completing. */
    FAILED
}
