package io.keepup.node;

/** What a node counts since its start. */
public enum NodeCounter {
    COMMANDS_EXECUTED,
    COMMANDS_POISON,
    COMMANDS_FAILED,
    /** Commands, batches and chunks of an epoch below the volume's. */
    STALE_EPOCH,
    /** Commands and chunks of a session id that is not the live one. */
    STALE_SESSION,
    /** Sync answers nobody waits for any more. */
    STALE_SYNC,
    /** Lane and sync records that are no records of ours. */
    UNDECODABLE,
    EVENTS_PUBLISHED,
    PUBLISH_FAILURES,
    WAL_BATCHES_SHIPPED,
    WAL_ENTRIES_SHIPPED,
    WAL_BYTES_SHIPPED,
    WAL_ENTRIES_APPLIED,
    /** Times a live lane met an entry that does not follow the volume's last one: a gap, or another history. */
    WAL_GAPS,
    WAL_TRIMS,
    SHIPPER_FAILURES,
    SYNCS_ASKED,
    SYNCS_ANSWERED,
    SYNCS_TIMED_OUT,
    BARRIERS,
    SESSIONS_STARTED,
    SESSIONS_COMPLETED,
    SESSIONS_FAILED,
    BASE_CHUNKS_SENT,
    BASE_BYTES_SENT,
    PINS_TAKEN,
    PINS_RELEASED,
    /** Of these, the ones the hard limit of the WAL broke [N4]. */
    PINS_BROKEN,
    /** Volumes read and verified from end to end in the background. */
    SCRUBS,
    /** Blocks found damaged by them. */
    BLOCKS_CORRUPT,
    VOLUME_ERRORS
}
