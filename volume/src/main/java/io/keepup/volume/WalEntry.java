package io.keepup.volume;

import java.nio.ByteBuffer;
import java.util.Objects;
import java.util.zip.CRC32C;

/**
 * One entry of a volume's WAL. It keeps the epoch it was written under wherever it travels [C3].
 *
 * <p>The checksum is CRC-32C over this, big-endian, followed by the payload:
 *
 * <pre>
 * +-----------+---------+----------+---------+------------+---------+
 * | epoch (8) | lsn (8) | kind (1) | lba (8) | blocks (4) | payload |
 * +-----------+---------+----------+---------+------------+---------+
 * </pre>
 *
 * @param epoch epoch it was written under
 * @param lsn its number, from 1
 * @param kind write or trim
 * @param lba first block
 * @param blocks number of blocks, at least 1
 * @param crc32c the checksum above
 * @param payload blocks × block size bytes for a write, empty for a trim; never changed after the entry was made
 */
public record WalEntry(long epoch, long lsn, WalEntryKind kind, long lba, int blocks, int crc32c, ByteBuffer payload) {
    /** Most bytes of payload in one entry; {@link Volume#write} splits what is larger. */
    public static final int MAX_PAYLOAD = 1 << 20;

    /** Bytes of the checksummed fields before the payload. */
    static final int CHECKED_FIELDS = 29;

    private static final ByteBuffer EMPTY = ByteBuffer.allocate(0);

    /** Takes the payload's remaining bytes without copying; null means empty. */
    public WalEntry {
        Objects.requireNonNull(kind, "kind");
        payload = payload == null ? EMPTY : payload.slice();
    }

    /** A write entry with its checksum computed; {@code payload} is not copied. */
    public static WalEntry write(long epoch, long lsn, long lba, int blocks, ByteBuffer payload) {
        int crc = checksum(epoch, lsn, WalEntryKind.WRITE, lba, blocks, payload);
        return new WalEntry(epoch, lsn, WalEntryKind.WRITE, lba, blocks, crc, payload);
    }

    /** A trim entry with its checksum computed. */
    public static WalEntry trim(long epoch, long lsn, long lba, int blocks) {
        int crc = checksum(epoch, lsn, WalEntryKind.TRIM, lba, blocks, EMPTY);
        return new WalEntry(epoch, lsn, WalEntryKind.TRIM, lba, blocks, crc, EMPTY);
    }

    /** The payload, positioned at its start; each call gives an independent position. */
    @Override
    public ByteBuffer payload() {
        return payload.duplicate();
    }

    /** Whether entries between an LSN and this one are missing [R7]. */
    public boolean leavesGapAfter(long before) {
        return lsn > before + 1;
    }

    /** Whether the checksum matches the fields and the payload. */
    public boolean verify() {
        return crc32c == checksum(epoch, lsn, kind, lba, blocks, payload);
    }

    /** The checksum's part over the fields before the payload. */
    int fieldsChecksum() {
        return checksum(epoch, lsn, kind, lba, blocks, EMPTY);
    }

    private static int checksum(long epoch, long lsn, WalEntryKind kind, long lba, int blocks, ByteBuffer payload) {
        ByteBuffer fields = ByteBuffer.allocate(CHECKED_FIELDS);
        fields.putLong(epoch).putLong(lsn).put(kind.code()).putLong(lba).putInt(blocks);
        CRC32C crc = new CRC32C();
        crc.update(fields.array(), 0, CHECKED_FIELDS);
        crc.update(payload.duplicate());
        return (int) crc.getValue();
    }
}
