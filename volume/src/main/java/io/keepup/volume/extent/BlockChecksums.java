package io.keepup.volume.extent;

import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/**
 * The checksum of a block: its CRC-32C, exclusive-or that of a block of zeros. So a block of zeros has checksum 0, and the holes of
 * a volume never written match the holes of its checksum file. Thread-safe.
 */
final class BlockChecksums {
    private final int blockSize;
    private final int zeros;

    BlockChecksums(int blockSize) {
        this.blockSize = blockSize;
        this.zeros = crc(ByteBuffer.allocate(blockSize));
    }

    /** The checksums of the blocks from {@code data}'s position to its limit; nothing of it changes. */
    int[] of(ByteBuffer data) {
        int[] checksums = new int[data.remaining() / blockSize];
        for (int i = 0; i < checksums.length; i++) {
            checksums[i] = at(data, data.position() + i * blockSize);
        }
        return checksums;
    }

    /** The checksum of the block at that index of {@code data}. */
    int at(ByteBuffer data, int index) {
        return crc(data.slice(index, blockSize)) ^ zeros;
    }

    private static int crc(ByteBuffer block) {
        CRC32C crc = new CRC32C();
        crc.update(block);
        return (int) crc.getValue();
    }
}
