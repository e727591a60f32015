package io.keepup.node.replica;

import io.keepup.node.lane.LaneLostException;
import io.keepup.node.lane.OtherHistoryException;
import io.keepup.v1.FailureReason;
import io.keepup.volume.SessionEnd;
import io.keepup.volume.VolumeException;
import io.keepup.volume.VolumeFault;

/** The protocol's word for what ended a session. */
final class FailureReasons {

    private FailureReasons() {}

    static FailureReason of(RuntimeException failure) {
        return switch (failure) {
            case SessionFault fault -> fault.reason();
            case LaneLostException lost -> FailureReason.pin_lost;
            case OtherHistoryException diverged -> FailureReason.epoch_mismatch;
            case VolumeException refused -> of(refused.kind());
            default -> FailureReason.transport_lost;
        };
    }

    private static FailureReason of(VolumeException.Kind kind) {
        return switch (kind) {
            case STALE_EPOCH, CONFLICTING_ROLE, NOT_REPLICA, NOT_PRIMARY -> FailureReason.epoch_mismatch;
            case CHUNK_CORRUPT, BASE_INCOMPLETE, BAD_BOUNDS, CHECKPOINT_AHEAD -> FailureReason.snapshot_unavailable;
            case NOT_RECOVERABLE, REBUILDING -> FailureReason.local_wal_corrupt;
            case IO_ERROR, READ_ONLY, NOT_WRITABLE -> FailureReason.disk_failed;
            case STALE_SESSION, SESSION_ENDED -> FailureReason.superseded;
            case WAL_RECYCLED -> FailureReason.pin_lost;
            // A full disk is no damage, nor is the lack of a file handle: once there is room, the same session
            // succeeds.
            case GAP, ENTRY_CORRUPT, DISK_FULL, NO_FILE_HANDLES, CLOSED -> FailureReason.transport_lost;
            case BAD_SPEC, BAD_REQUEST, NOT_A_VOLUME, ALREADY_EXISTS, LOCKED, SUPERBLOCK_CORRUPT, FORMAT_VERSION ->
                FailureReason.local_extent_corrupt;
        };
    }

    static FailureReason of(SessionEnd end) {
        return switch (end) {
            case EPOCH_MISMATCH -> FailureReason.epoch_mismatch;
            case TRANSPORT_LOST -> FailureReason.transport_lost;
            case PROGRESS_STALLED -> FailureReason.progress_stalled;
            case DEADLINE_EXCEEDED -> FailureReason.deadline_exceeded;
            case PIN_LOST -> FailureReason.pin_lost;
            case SNAPSHOT_UNAVAILABLE -> FailureReason.snapshot_unavailable;
            case LOCAL_WAL_CORRUPT -> FailureReason.local_wal_corrupt;
            case LOCAL_EXTENT_CORRUPT -> FailureReason.local_extent_corrupt;
            case DISK_FAILED -> FailureReason.disk_failed;
            case SUPERSEDED -> FailureReason.superseded;
            case CANCELLED -> FailureReason.cancelled;
        };
    }

    /** The volume's word for an end this side decided. */
    static SessionEnd toVolume(FailureReason reason) {
        return switch (reason) {
            case epoch_mismatch -> SessionEnd.EPOCH_MISMATCH;
            case transport_lost -> SessionEnd.TRANSPORT_LOST;
            case progress_stalled -> SessionEnd.PROGRESS_STALLED;
            case deadline_exceeded -> SessionEnd.DEADLINE_EXCEEDED;
            case pin_lost -> SessionEnd.PIN_LOST;
            case snapshot_unavailable -> SessionEnd.SNAPSHOT_UNAVAILABLE;
            case local_wal_corrupt -> SessionEnd.LOCAL_WAL_CORRUPT;
            case local_extent_corrupt -> SessionEnd.LOCAL_EXTENT_CORRUPT;
            case superseded -> SessionEnd.SUPERSEDED;
            case disk_failed -> SessionEnd.DISK_FAILED;
            case cancelled, unknown -> SessionEnd.CANCELLED;
        };
    }

    static FailureReason of(VolumeFault fault) {
        return switch (fault) {
            case LOCAL_WAL_CORRUPT -> FailureReason.local_wal_corrupt;
            case LOCAL_EXTENT_CORRUPT -> FailureReason.local_extent_corrupt;
        };
    }
}
