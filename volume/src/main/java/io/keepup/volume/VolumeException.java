package io.keepup.volume;

import java.io.Serial;
import java.util.Objects;

/** A volume refused or failed. The message is one sentence: what, where, what to do. Code decides on {@link #kind()}. */
public final class VolumeException extends RuntimeException {
    @Serial
    private static final long serialVersionUID = 1;

    /** What went wrong; a closed list. */
    public enum Kind {
        /** Volume id, size or block size breaks its rule. */
        BAD_SPEC,
        /** An argument is out of range or not aligned to blocks. */
        BAD_REQUEST,
        /** The directory holds no volume. */
        NOT_A_VOLUME,
        /** The directory for a new volume is not empty. */
        ALREADY_EXISTS,
        /** Another process, or this one, has the volume open. */
        LOCKED,
        /** This user has no right to write there. */
        NOT_WRITABLE,
        /** The file system takes no changes; the volume takes none until it is opened again. */
        READ_ONLY,
        /** No space left; the volume stays open and readable. */
        DISK_FULL,
        /** The process may open no more files. */
        NO_FILE_HANDLES,
        /** Any other I/O error; the volume takes no more writes until it is opened again. */
        IO_ERROR,
        /** Both superblock slots are damaged. */
        SUPERBLOCK_CORRUPT,
        /** The volume was written by another format version. */
        FORMAT_VERSION,
        /** The volume was closed. */
        CLOSED,
        /** Only a primary does this. */
        NOT_PRIMARY,
        /** Only a replica does this. */
        NOT_REPLICA,
        /** The epoch is below, or where it must match, other than the volume's. */
        STALE_EPOCH,
        /** Another role for the same epoch. */
        CONFLICTING_ROLE,
        /** A WAL entry does not follow the last one applied [R7]. */
        GAP,
        /** A WAL entry's checksum or shape is wrong. */
        ENTRY_CORRUPT,
        /** The LSN asked for is below the WAL tail. */
        WAL_RECYCLED,
        /** A fault was found: only a rebuild mends the volume. */
        NOT_RECOVERABLE,
        /** A rebuild marker stands: the data is unproven [R6]. */
        REBUILDING,
        /** The session id is not the live one [R4]. */
        STALE_SESSION,
        /** The session failed, was cancelled, superseded or completed. */
        SESSION_ENDED,
        /** The session's bounds are impossible [R5]. */
        BAD_BOUNDS,
        /** The local checkpoint is above the base [R5]. */
        CHECKPOINT_AHEAD,
        /** A base chunk's checksum or shape is wrong [R8]. */
        CHUNK_CORRUPT,
        /** Chunks are missing or overlap, or the base's digest is wrong [R8]. */
        BASE_INCOMPLETE
    }

    private final Kind kind;

    /** @param message one sentence: what, where, what to do */
    public VolumeException(Kind kind, String message) {
        this(kind, message, null);
    }

    /** @param message one sentence: what, where, what to do */
    public VolumeException(Kind kind, String message, Throwable cause) {
        super(message, cause);
        this.kind = Objects.requireNonNull(kind, "kind");
    }

    /** What went wrong. */
    public Kind kind() {
        return kind;
    }
}
