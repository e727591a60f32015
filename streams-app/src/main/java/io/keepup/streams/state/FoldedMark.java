package io.keepup.streams.state;

import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/**
 * What a partition's state was made of, kept in a store beside it: it changes in the same transaction as the state and the
 * committed offset, so state that is not all there shows.
 *
 * <pre>
 * +---------+---------------+----------------+---------------+
 * | 1, byte | next, 8 bytes | volumes, 4     | digest, 8     |
 * +---------+---------------+----------------+---------------+
 * </pre>
 *
 * @param next offset of the first event that was not folded
 * @param volumes in the store
 * @param digest sum of the volumes' {@link #digest}
 */
public record FoldedMark(long next, int volumes, long digest) {

    /** Its key in the store. */
    public static final String KEY = "folded";

    private static final byte VERSION = 1;
    private static final long SPREAD = 0x9e3779b97f4a7c15L; // sums of neighbours are not alike
    private static final int SIZE = 1 + Long.BYTES + Integer.BYTES + Long.BYTES;

    public byte[] encode() {
        return ByteBuffer.allocate(SIZE)
                .put(VERSION)
                .putLong(next)
                .putInt(volumes)
                .putLong(digest)
                .array();
    }

    /** @throws StateException when the bytes are none */
    public static FoldedMark decode(byte[] bytes) {
        if (bytes.length != SIZE || bytes[0] != VERSION) {
            throw new StateException("the mark in the fold's state cannot be read");
        }
        ByteBuffer in = ByteBuffer.wrap(bytes, 1, SIZE - 1);
        return new FoldedMark(in.getLong(), in.getInt(), in.getLong());
    }

    /** Digest of a volume's state; not against malice, which could write the mark as well. */
    public static long digest(byte[] state) {
        CRC32C crc = new CRC32C();
        crc.update(state);
        return crc.getValue() * SPREAD;
    }
}
