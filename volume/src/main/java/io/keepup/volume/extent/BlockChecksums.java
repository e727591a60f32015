package io.keepup.volume.extent;

import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/**
 * The checksum of a block: its CRC-32C, exclusive-or that of a block of zeros. So a block of zeros has checksum 0, and the holes of
 * a volume never written match the holes of its checksum file. Thread-safe.
 */
public final class BlockChecksums {
    /** Of CRC-32C, its bits reversed. */
    private static final int POLYNOMIAL = 0x82F63B78;

    private final int blockSize;
    private final int zeros;
    /** What a checksum becomes when a block of zeros is appended, but for what that adds itself: the image of each bit. */
    private final int[] appended;

    /** Of blocks of that size, a power of two. */
    public BlockChecksums(int blockSize) {
        this.blockSize = blockSize;
        this.zeros = crc(ByteBuffer.allocate(blockSize));
        int[] shift = new int[Integer.SIZE];
        shift[0] = POLYNOMIAL;
        for (int bit = 1; bit < shift.length; bit++) {
            shift[bit] = 1 << bit - 1;
        }
        for (int bits = 1; bits < blockSize * Byte.SIZE; bits *= 2) {
            shift = twice(shift);
        }
        this.appended = shift;
    }

    /** The checksums of the blocks from {@code data}'s position to its limit; nothing of it changes. */
    public int[] of(ByteBuffer data) {
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

    /**
     * The CRC-32C of something followed by blocks, from that of the something and their checksums: the blocks themselves need
     * not be looked at again.
     */
    public int joined(int crc, int[] checksums) {
        int joined = crc;
        for (int checksum : checksums) {
            joined = image(appended, joined) ^ checksum ^ zeros;
        }
        return joined;
    }

    private static int[] twice(int[] map) {
        int[] twice = new int[map.length];
        for (int bit = 0; bit < map.length; bit++) {
            twice[bit] = image(map, map[bit]);
        }
        return twice;
    }

    /** What a linear map makes of a value. */
    private static int image(int[] map, int value) {
        int image = 0;
        for (int rest = value; rest != 0; rest &= rest - 1) {
            image ^= map[Integer.numberOfTrailingZeros(rest)];
        }
        return image;
    }

    private static int crc(ByteBuffer block) {
        CRC32C crc = new CRC32C();
        crc.update(block);
        return (int) crc.getValue();
    }
}
