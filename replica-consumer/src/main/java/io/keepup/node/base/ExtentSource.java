package io.keepup.node.base;

import io.keepup.volume.BaseBlocks;
import io.keepup.volume.Volume;
import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * A base of the whole extent: flushed first, then read past the dirty map, so that no block is older than the boundary. Cut
 * into chunks in order, one window read at a time. Runs of zeros, found in steps of at least 64 KiB, become chunks without
 * payload, up to 64 MiB long.
 */
final class ExtentSource implements BaseSource {

    private static final int STEP_BYTES = 64 << 10;
    private static final int MAX_ZERO_RUN_BYTES = 64 << 20;

    private final Volume volume;
    private final long sessionId;
    private final long epoch;
    private final int blockSize;
    private final long blocks;
    private final int stepBlocks;
    private final int windowBlocks;
    private final byte[] zeros;
    private final byte[] window;
    private long windowLba;
    private int windowCount;
    private long nextLba;
    private long seq;

    ExtentSource(Volume volume, long sessionId, long epoch, int chunkBytes) {
        this.volume = volume;
        this.sessionId = sessionId;
        this.epoch = epoch;
        this.blockSize = volume.status().spec().blockSize();
        this.blocks = volume.status().spec().blocks();
        this.windowBlocks = Math.max(1, chunkBytes / blockSize);
        this.stepBlocks = Math.min(windowBlocks, Math.max(1, STEP_BYTES / blockSize));
        this.zeros = new byte[stepBlocks * blockSize];
        this.window = new byte[windowBlocks * blockSize];
    }

    @Override
    public Boundary begin() {
        long lsn = volume.flush();
        return new Boundary(lsn, volume.epochAt(lsn));
    }

    /** Whatever was read got into the extent by a flush, and a flush makes its WAL durable first. */
    @Override
    public long headLsn() {
        return volume.status().durableLsn();
    }

    @Override
    public BaseBlocks next() {
        if (nextLba >= blocks) {
            return null;
        }
        long first = nextLba;
        return stepIsZero() ? zeroRun(first) : data(first);
    }

    private BaseBlocks zeroRun(long first) {
        int limit = MAX_ZERO_RUN_BYTES / blockSize;
        while (nextLba < blocks && nextLba - first < limit && stepIsZero()) {
            nextLba += stepBlocksHere();
        }
        return chunk(first, null);
    }

    /** Data chunks stay within one window, so the payload is a slice of it and nothing is copied. */
    private BaseBlocks data(long first) {
        int from = Math.toIntExact((first - windowLba) * blockSize);
        do {
            nextLba += stepBlocksHere();
        } while (nextLba < windowLba + windowCount && !stepIsZero());
        return chunk(first, ByteBuffer.wrap(window, from, Math.toIntExact((nextLba - first) * blockSize)));
    }

    private BaseBlocks chunk(long first, ByteBuffer payload) {
        int count = Math.toIntExact(nextLba - first);
        return BaseBlocks.of(sessionId, epoch, seq++, first, count, nextLba == blocks, payload);
    }

    private int stepBlocksHere() {
        return (int) Math.min(stepBlocks, windowLba + windowCount - nextLba);
    }

    private boolean stepIsZero() {
        if (nextLba >= windowLba + windowCount) {
            read();
        }
        int from = Math.toIntExact((nextLba - windowLba) * blockSize);
        int length = stepBlocksHere() * blockSize;
        return Arrays.equals(window, from, from + length, zeros, 0, length);
    }

    private void read() {
        windowLba = nextLba;
        windowCount = (int) Math.min(windowBlocks, blocks - nextLba);
        volume.readExtent(windowLba, ByteBuffer.wrap(window, 0, windowCount * blockSize));
    }
}
