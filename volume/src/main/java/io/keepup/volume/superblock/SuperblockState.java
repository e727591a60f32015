package io.keepup.volume.superblock;

import io.keepup.volume.VolumeFault;
import io.keepup.volume.VolumeRole;
import io.keepup.volume.VolumeSpec;

/**
 * What the superblock holds.
 *
 * @param spec identity and geometry
 * @param generation number of this state, from 1
 * @param epoch epoch of the role
 * @param role role in that epoch
 * @param checkpointLsn everything up to here is in the extent, fsynced
 * @param checkpointEpoch epoch of the entry at {@code checkpointLsn}; 0 when not known
 * @param walTail oldest LSN the local WAL must hold
 * @param epochBeforeTail epoch of the entry at {@code walTail - 1}; 0 when not known
 * @param walDurable the local WAL was durable at least up to here: a WAL that ends below is damaged, not torn
 * @param lastSessionId highest rebuild session ever started [R4]
 * @param rebuilding the rebuild marker of {@code lastSessionId} stands [R6]
 * @param fault damage that was found and not yet mended by a rebuild, or null
 */
public record SuperblockState(
        VolumeSpec spec,
        long generation,
        long epoch,
        VolumeRole role,
        long checkpointLsn,
        long checkpointEpoch,
        long walTail,
        long epochBeforeTail,
        long walDurable,
        long lastSessionId,
        boolean rebuilding,
        VolumeFault fault) {

    /** The state of a volume that was just created. */
    public static SuperblockState fresh(VolumeSpec spec) {
        return new SuperblockState(spec, 0, 0, VolumeRole.NONE, 0, 0, 1, 0, 0, 0, false, null);
    }

    /** With a role taken. */
    public SuperblockState assumed(long newEpoch, VolumeRole newRole) {
        return new SuperblockState(
                spec,
                generation,
                newEpoch,
                newRole,
                checkpointLsn,
                checkpointEpoch,
                walTail,
                epochBeforeTail,
                walDurable,
                lastSessionId,
                rebuilding,
                fault);
    }

    /** With the extent holding everything up to {@code lsn}, and the WAL durable up to {@code durable}. */
    public SuperblockState checkpointed(long lsn, long lsnEpoch, long durable) {
        return new SuperblockState(
                spec,
                generation,
                epoch,
                role,
                lsn,
                lsnEpoch,
                walTail,
                epochBeforeTail,
                durable,
                lastSessionId,
                rebuilding,
                fault);
    }

    /** With WAL entries below {@code tail} given up, the last of them of epoch {@code beforeTail}. */
    public SuperblockState recycled(long tail, long beforeTail) {
        return new SuperblockState(
                spec,
                generation,
                epoch,
                role,
                checkpointLsn,
                checkpointEpoch,
                tail,
                beforeTail,
                walDurable,
                lastSessionId,
                rebuilding,
                fault);
    }

    /** With damage that only a rebuild mends. */
    public SuperblockState damaged(VolumeFault found) {
        return new SuperblockState(
                spec,
                generation,
                epoch,
                role,
                checkpointLsn,
                checkpointEpoch,
                walTail,
                epochBeforeTail,
                walDurable,
                lastSessionId,
                rebuilding,
                found);
    }

    /** With the marker of a session: nothing the volume held counts any more. */
    public SuperblockState rebuildStarted(long sessionId) {
        return new SuperblockState(spec, generation, epoch, role, 0, 0, 1, 0, 0, sessionId, true, null);
    }

    /** Marker cleared and the rebuilt data's checkpoint set, in one state [R6]. */
    public SuperblockState rebuildCompleted(long lsn, long lsnEpoch, long tail, long beforeTail, long durable) {
        return new SuperblockState(
                spec, generation, epoch, role, lsn, lsnEpoch, tail, beforeTail, durable, lastSessionId, false, null);
    }

    SuperblockState next() {
        return new SuperblockState(
                spec,
                generation + 1,
                epoch,
                role,
                checkpointLsn,
                checkpointEpoch,
                walTail,
                epochBeforeTail,
                walDurable,
                lastSessionId,
                rebuilding,
                fault);
    }
}
