package io.keepup.volume;

import io.keepup.volume.VolumeException.Kind;
import java.util.regex.Pattern;

/**
 * Identity and geometry of a volume; fixed for its life.
 *
 * @param volumeId letter or digit, then at most 99 letters, digits, {@code _} or {@code -}
 * @param sizeBytes size in bytes, a positive multiple of the block size
 * @param blockSize bytes per block, a power of two from 512 to 1 MiB
 */
public record VolumeSpec(String volumeId, long sizeBytes, int blockSize) {
    /** Smallest block size, in bytes. */
    public static final int MIN_BLOCK_SIZE = 512;
    /** Largest block size, in bytes. */
    public static final int MAX_BLOCK_SIZE = 1 << 20;
    /** Largest number of blocks: an LBA fits an int, so bitmap and dirty map stay plain arrays. */
    public static final long MAX_BLOCKS = Integer.MAX_VALUE;

    private static final Pattern ID = Pattern.compile("[A-Za-z0-9][A-Za-z0-9_-]{0,99}");

    /** @throws VolumeException {@link Kind#BAD_SPEC} when a value breaks its rule */
    public VolumeSpec {
        if (volumeId == null || !ID.matcher(volumeId).matches()) {
            throw bad("Volume id '" + volumeId
                    + "' is not allowed: use a letter or digit, then up to 99 letters, digits, '_' or '-'.");
        }
        if (blockSize < MIN_BLOCK_SIZE || blockSize > MAX_BLOCK_SIZE || Integer.bitCount(blockSize) != 1) {
            throw bad("Block size " + blockSize + " of volume " + volumeId
                    + " is not allowed: use a power of two from 512 to 1048576 bytes.");
        }
        if (sizeBytes <= 0 || sizeBytes % blockSize != 0) {
            throw bad("Size " + sizeBytes + " of volume " + volumeId
                    + " is not allowed: use a positive multiple of the block size " + blockSize + ".");
        }
        if (sizeBytes / blockSize > MAX_BLOCKS) {
            throw bad("Size " + sizeBytes + " of volume " + volumeId + " has more than " + MAX_BLOCKS
                    + " blocks: use a larger block size than " + blockSize + ".");
        }
    }

    /** Number of blocks; LBAs run from 0 to one below it. */
    public long blocks() {
        return sizeBytes / blockSize;
    }

    private static VolumeException bad(String message) {
        return new VolumeException(Kind.BAD_SPEC, message);
    }
}
