package io.keepup.volume;

import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/** The digest at the end of a base: CRC-32C over the big-endian chunk checksums in the order of their seq. Not thread-safe. */
public final class BaseDigest {
    private final CRC32C crc = new CRC32C();
    private final ByteBuffer word = ByteBuffer.allocate(Integer.BYTES);

    /** Adds the checksum of the next chunk. */
    public void add(int chunkCrc32c) {
        word.putInt(0, chunkCrc32c);
        crc.update(word.array(), 0, Integer.BYTES);
    }

    /** The digest of what was added so far. */
    public int value() {
        return (int) crc.getValue();
    }
}
