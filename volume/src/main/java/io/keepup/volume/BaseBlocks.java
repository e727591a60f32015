package io.keepup.volume;

import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/**
 * One chunk of the base lane [R8].
 *
 * <p>The checksum is CRC-32C over this, big-endian, followed by the payload (nothing for a zero run):
 *
 * <pre>
 * +---------------+-----------+---------+--------------+-----------+----------+---------+
 * | sessionId (8) | epoch (8) | seq (8) | firstLba (8) | count (4) | last (1) | payload |
 * +---------------+-----------+---------+--------------+-----------+----------+---------+
 * </pre>
 *
 * @param sessionId session it was made for
 * @param epoch epoch of the sender
 * @param seq 0, 1, 2 … without gaps, in order of the blocks
 * @param firstLba first block
 * @param count number of blocks, at least 1
 * @param crc32c the checksum above
 * @param last whether it is the final chunk
 * @param payload count × block size bytes, or null for a run of zeros
 */
public record BaseBlocks(
        long sessionId, long epoch, long seq, long firstLba, int count, int crc32c, boolean last, ByteBuffer payload) {
    private static final int CHECKED_FIELDS = 37;

    /** Takes the payload's remaining bytes without copying. */
    public BaseBlocks {
        payload = payload == null ? null : payload.slice();
    }

    /** A chunk with its checksum computed; a null payload makes a run of zeros. */
    public static BaseBlocks of(
            long sessionId, long epoch, long seq, long firstLba, int count, boolean last, ByteBuffer payload) {
        int crc = checksum(sessionId, epoch, seq, firstLba, count, last, payload);
        return new BaseBlocks(sessionId, epoch, seq, firstLba, count, crc, last, payload);
    }

    /** The payload, positioned at its start, or null; each call gives an independent position. */
    @Override
    public ByteBuffer payload() {
        return payload == null ? null : payload.duplicate();
    }

    /** Whether the checksum matches the fields and the payload. */
    public boolean verify() {
        return crc32c == checksum(sessionId, epoch, seq, firstLba, count, last, payload);
    }

    private static int checksum(
            long sessionId, long epoch, long seq, long firstLba, int count, boolean last, ByteBuffer payload) {
        ByteBuffer fields = ByteBuffer.allocate(CHECKED_FIELDS);
        fields.putLong(sessionId).putLong(epoch).putLong(seq).putLong(firstLba).putInt(count);
        fields.put((byte) (last ? 1 : 0));
        CRC32C crc = new CRC32C();
        crc.update(fields.array(), 0, CHECKED_FIELDS);
        if (payload != null) {
            crc.update(payload.duplicate());
        }
        return (int) crc.getValue();
    }
}
