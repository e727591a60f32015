package io.keepup.engine.state;

import java.util.Objects;

/**
 * Everything the fold knows of one volume: the value of the state store. Mode, reason and health are derived, never kept.
 *
 * @param views one per node that an assignment ever reached
 * @param epoch highest epoch assigned to any node of the volume
 * @param primaryId primary of that epoch; empty until its assignment is folded
 * @param sizeBytes 0 until the first assignment
 * @param blockSize bytes, 0 until the first assignment
 * @param sizeSettled a primary has reported the size of its copy, or of the role it took: no assignment changes it any more [P10]
 * @param lastSessionId highest session id issued, over all epochs
 * @param lastCommand number of the last command decided
 */
public record VolumeState(
        String volumeId,
        ById<View> views,
        long epoch,
        String primaryId,
        long sizeBytes,
        int blockSize,
        boolean sizeSettled,
        long lastSessionId,
        long lastCommand) {

    /** Bytes a new volume has when its assignment does not say: 1 GiB. */
    public static final long DEFAULT_SIZE_BYTES = 1L << 30;

    /** Bytes a block has when the assignment does not say. */
    public static final int DEFAULT_BLOCK_SIZE = 4096;

    /** Most blocks of a volume: a copy counts them in an int [P10]. */
    public static final int MOST_BLOCKS = Integer.MAX_VALUE;

    public VolumeState {
        Objects.requireNonNull(volumeId, "volumeId");
        Objects.requireNonNull(views, "views");
        Objects.requireNonNull(primaryId, "primaryId");
    }

    /** A volume nobody has spoken of yet. */
    public static VolumeState initial(String volumeId) {
        return new VolumeState(volumeId, ById.empty(), 0, "", 0, 0, false, 0, 0);
    }

    /** The primary's view under the highest epoch, or null. */
    public View primaryView() {
        return primaryId.isEmpty() ? null : views.get(primaryId);
    }

    /** Bytes the volume has after an assignment that asks for so many (0: whatever it has). */
    public long sizeAfter(long askedBytes) {
        if (sizeBytes != 0 && (sizeSettled || askedBytes == 0)) {
            return sizeBytes;
        }
        return askedBytes != 0 ? askedBytes : DEFAULT_SIZE_BYTES;
    }

    /** Bytes of a block after an assignment that asks for so many (0: whatever it has). */
    public int blockSizeAfter(int askedBytes) {
        if (blockSize != 0 && (sizeSettled || askedBytes == 0)) {
            return blockSize;
        }
        return askedBytes != 0 ? askedBytes : DEFAULT_BLOCK_SIZE;
    }

    public VolumeState withView(View view) {
        ById<View> next = views.with(view);
        return next == views
                ? this
                : new VolumeState(
                        volumeId,
                        next,
                        epoch,
                        primaryId,
                        sizeBytes,
                        blockSize,
                        sizeSettled,
                        lastSessionId,
                        lastCommand);
    }

    public VolumeState withCounters(long sessionId, long command) {
        return sessionId == lastSessionId && command == lastCommand
                ? this
                : new VolumeState(
                        volumeId, views, epoch, primaryId, sizeBytes, blockSize, sizeSettled, sessionId, command);
    }

    /** The size that a primary's copy has: from now on the volume's [P10]. */
    public VolumeState withSettledSize(long bytes, int block) {
        return sizeSettled && bytes == sizeBytes && block == blockSize
                ? this
                : new VolumeState(volumeId, views, epoch, primaryId, bytes, block, true, lastSessionId, lastCommand);
    }
}
