package io.keepup.volume;

/** Damage found on disk that only a rebuild mends [P4]. */
public enum VolumeFault {
    /** A WAL entry that had been durable is damaged or gone. */
    LOCAL_WAL_CORRUPT,
    /** A block of the extent is not what was written. */
    LOCAL_EXTENT_CORRUPT
}
