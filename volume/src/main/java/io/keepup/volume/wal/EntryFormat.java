package io.keepup.volume.wal;

import io.keepup.volume.VolumeSpec;
import io.keepup.volume.WalEntry;
import io.keepup.volume.WalEntryKind;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32C;

/**
 * Layout of one entry in a segment file; big-endian.
 *
 * <pre>
 *  0 +--------------------+--------------------+
 *    | magic "KWAL" (4)   | header CRC-32C (4) |  over bytes 8 to 48, then the segment's salt
 *  8 +--------------------+--------------------+
 *    | durable LSN (8)                         |  what was durable when this entry was written
 * 16 +--------------------+--------------------+
 *    | entry CRC-32C (4)  |                       over bytes 20 to the end: travels with the entry
 * 20 +--------------------+--------------------+
 *    | epoch (8)                               |
 * 28 | LSN (8)                                 |
 * 36 | kind (1) | LBA (8)                      |
 * 45 | blocks (4)         |                    |
 * 49 +--------------------+                    |
 *    | payload: blocks x block size for a write, nothing for a trim
 *    +-----------------------------------------+
 * </pre>
 *
 * <p>The durable LSN tells damage from a torn tail: when a whole entry stands behind a broken one and says the broken one had
 * been durable, durable data is damaged; otherwise a power cut merely persisted later pages first. The salt (volume and first
 * LSN of the segment) keeps bytes that look like entries, in payloads or of another segment, from being taken for ours.
 */
final class EntryFormat {
    static final int MAGIC = 0x4B57414C;
    static final int HEADER_BYTES = 49;

    private static final int HEADER_CRC_AT = 4;
    private static final int DURABLE_AT = 8;
    private static final int ENTRY_CRC_AT = 16;
    private static final int CHECKED_AT = 20;
    private static final int LSN_AT = 28;
    private static final int KIND_AT = 36;
    private static final int LBA_AT = 37;
    private static final int BLOCKS_AT = 45;

    private EntryFormat() {}

    /** The salt of the segment that starts at {@code firstLsn}. */
    static int salt(VolumeSpec spec, long firstLsn) {
        CRC32C crc = new CRC32C();
        crc.update(spec.volumeId().getBytes(StandardCharsets.UTF_8));
        updateLong(crc, firstLsn);
        return (int) crc.getValue();
    }

    /** Appends header and payload (null: none) to {@code out}, computing the checksum. */
    static void put(
            ByteBuffer out,
            int salt,
            long durable,
            long epoch,
            long lsn,
            WalEntryKind kind,
            long lba,
            int blocks,
            ByteBuffer payload) {
        int at = fields(out, epoch, lsn, kind, lba, blocks);
        if (payload != null) {
            out.put(payload.duplicate());
        }
        seal(out, at, salt, durable, checksum(out, at + CHECKED_AT, out.position()));
    }

    /** Appends the header of an entry whose payload the caller puts elsewhere, computing the checksum of both. */
    static void putHeader(
            ByteBuffer out,
            int salt,
            long durable,
            long epoch,
            long lsn,
            WalEntryKind kind,
            long lba,
            int blocks,
            ByteBuffer payload) {
        int at = fields(out, epoch, lsn, kind, lba, blocks);
        CRC32C crc = new CRC32C();
        crc.update(out.slice(at + CHECKED_AT, HEADER_BYTES - CHECKED_AT));
        crc.update(payload.duplicate());
        seal(out, at, salt, durable, (int) crc.getValue());
    }

    /** Appends the header of an entry whose checksum was verified before. */
    static void putHeader(ByteBuffer out, int salt, long durable, WalEntry e) {
        int at = fields(out, e.epoch(), e.lsn(), e.kind(), e.lba(), e.blocks());
        seal(out, at, salt, durable, e.crc32c());
    }

    private static int fields(ByteBuffer out, long epoch, long lsn, WalEntryKind kind, long lba, int blocks) {
        int at = out.position();
        out.position(at + CHECKED_AT);
        out.putLong(epoch).putLong(lsn).put(kind.code()).putLong(lba).putInt(blocks);
        return at;
    }

    private static void seal(ByteBuffer out, int at, int salt, long durable, int entryCrc) {
        out.putInt(at, MAGIC);
        out.putLong(at + DURABLE_AT, durable);
        out.putInt(at + ENTRY_CRC_AT, entryCrc);
        out.putInt(at + HEADER_CRC_AT, headerCrc(out, at, salt));
    }

    /** Whether a whole, undamaged header is at {@code at}; says nothing of the payload. */
    static boolean headerIntact(ByteBuffer in, int at, int salt, VolumeSpec spec) {
        if (in.limit() - at < HEADER_BYTES
                || in.getInt(at) != MAGIC
                || in.getInt(at + HEADER_CRC_AT) != headerCrc(in, at, salt)) {
            return false;
        }
        WalEntryKind kind = kind(in, at);
        int blocks = blocks(in, at);
        long lba = lba(in, at);
        return kind != null
                && blocks > 0
                && lba >= 0
                && lba + blocks <= spec.blocks()
                && (kind == WalEntryKind.TRIM || (long) blocks * spec.blockSize() <= WalEntry.MAX_PAYLOAD);
    }

    /** Whether the bytes from the entry's fields to its end match its checksum. */
    static boolean entryIntact(ByteBuffer in, int at, int length) {
        return in.getInt(at + ENTRY_CRC_AT) == checksum(in, at + CHECKED_AT, at + length);
    }

    /** The entry at {@code at}; its payload shares {@code in}. */
    static WalEntry get(ByteBuffer in, int at, int length) {
        ByteBuffer payload = in.slice(at + HEADER_BYTES, length - HEADER_BYTES);
        int crc = in.getInt(at + ENTRY_CRC_AT);
        return new WalEntry(epoch(in, at), lsn(in, at), kind(in, at), lba(in, at), blocks(in, at), crc, payload);
    }

    static int length(ByteBuffer in, int at, VolumeSpec spec) {
        return HEADER_BYTES + (kind(in, at) == WalEntryKind.WRITE ? blocks(in, at) * spec.blockSize() : 0);
    }

    static long durable(ByteBuffer in, int at) {
        return in.getLong(at + DURABLE_AT);
    }

    static long epoch(ByteBuffer in, int at) {
        return in.getLong(at + CHECKED_AT);
    }

    static long lsn(ByteBuffer in, int at) {
        return in.getLong(at + LSN_AT);
    }

    static WalEntryKind kind(ByteBuffer in, int at) {
        return WalEntryKind.ofCode(in.get(at + KIND_AT));
    }

    static long lba(ByteBuffer in, int at) {
        return in.getLong(at + LBA_AT);
    }

    static int blocks(ByteBuffer in, int at) {
        return in.getInt(at + BLOCKS_AT);
    }

    private static int headerCrc(ByteBuffer in, int at, int salt) {
        CRC32C crc = new CRC32C();
        crc.update(in.slice(at + DURABLE_AT, HEADER_BYTES - DURABLE_AT));
        updateInt(crc, salt);
        return (int) crc.getValue();
    }

    private static int checksum(ByteBuffer in, int from, int to) {
        CRC32C crc = new CRC32C();
        crc.update(in.slice(from, to - from));
        return (int) crc.getValue();
    }

    private static void updateLong(CRC32C crc, long value) {
        updateInt(crc, (int) (value >>> Integer.SIZE));
        updateInt(crc, (int) value);
    }

    private static void updateInt(CRC32C crc, int value) {
        for (int shift = Integer.SIZE - Byte.SIZE; shift >= 0; shift -= Byte.SIZE) {
            crc.update(value >>> shift);
        }
    }
}
