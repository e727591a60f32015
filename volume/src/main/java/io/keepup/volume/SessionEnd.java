package io.keepup.volume;

/** Why a session ended without completing: the protocol's stable vocabulary. */
public enum SessionEnd {
    /** The volume moved to another epoch. */
    EPOCH_MISMATCH,
    /** A lane broke: the WAL lane was damaged or has a gap. */
    TRANSPORT_LOST,
    /** No progress within the stall limit. */
    PROGRESS_STALLED,
    /** Not done by its deadline. */
    DEADLINE_EXCEEDED,
    /** Retention took entries the session needed. */
    PIN_LOST,
    /** The base is missing chunks or damaged. */
    SNAPSHOT_UNAVAILABLE,
    /** The local WAL cannot be written or read. */
    LOCAL_WAL_CORRUPT,
    /** The local extent cannot be written or read. */
    LOCAL_EXTENT_CORRUPT,
    /** The disk takes no changes. */
    DISK_FAILED,
    /** A session with a higher id took its place [R4]. */
    SUPERSEDED,
    /** An operator or the primary ended it. */
    CANCELLED
}
