package io.keepup.node.event;

import io.keepup.v1.NodeFault;
import io.keepup.volume.VolumeException;
import java.io.UncheckedIOException;
import java.util.Objects;

/**
 * What keeps this node from doing its part for a volume [P9].
 *
 * @param fault the protocol's word; {@code none} when nothing does
 * @param detail what happened and what to do, one sentence for people; empty when nothing happened
 */
public record FaultReport(NodeFault fault, String detail) {

    /** All is well. */
    public static final FaultReport NONE = new FaultReport(NodeFault.none, "");

    public FaultReport {
        Objects.requireNonNull(fault, "fault");
        Objects.requireNonNull(detail, "detail");
    }

    /** What a volume refused, or its disk. */
    public static FaultReport of(VolumeException failure) {
        return new FaultReport(word(failure.kind()), String.valueOf(failure.getMessage()));
    }

    /** Why a role was not taken. */
    public static FaultReport ofRole(RuntimeException failure) {
        return switch (failure) {
            case VolumeException volume -> of(volume);
            case RoleRefusedException refused -> refused.report();
            case UncheckedIOException note -> new FaultReport(NodeFault.volume_unreadable, note.getMessage());
            default -> new FaultReport(NodeFault.role_refused, "its role cannot be taken: " + failure);
        };
    }

    private static NodeFault word(VolumeException.Kind kind) {
        return switch (kind) {
            case IO_ERROR -> NodeFault.disk_failed;
            case READ_ONLY -> NodeFault.disk_read_only;
            case NOT_WRITABLE -> NodeFault.disk_not_writable;
            case DISK_FULL -> NodeFault.disk_full;
            case BAD_SPEC -> NodeFault.size_unsupported;
            case STALE_EPOCH -> NodeFault.stale_epoch;
            case LOCKED, NO_FILE_HANDLES, SUPERBLOCK_CORRUPT, FORMAT_VERSION, NOT_A_VOLUME, ALREADY_EXISTS ->
                NodeFault.volume_unreadable;
            case BAD_REQUEST,
                    CLOSED,
                    NOT_PRIMARY,
                    NOT_REPLICA,
                    CONFLICTING_ROLE,
                    GAP,
                    ENTRY_CORRUPT,
                    WAL_RECYCLED,
                    NOT_RECOVERABLE,
                    REBUILDING,
                    STALE_SESSION,
                    SESSION_ENDED,
                    BAD_BOUNDS,
                    CHECKPOINT_AHEAD,
                    CHUNK_CORRUPT,
                    BASE_INCOMPLETE -> NodeFault.role_refused;
        };
    }

    /** Whether there is one. */
    public boolean present() {
        return fault != NodeFault.none;
    }
}
