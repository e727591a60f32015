package io.keepup.volume.wal;

import io.keepup.volume.VolumeException;
import io.keepup.volume.VolumeException.Kind;
import io.keepup.volume.disk.DiskFile;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.regex.Pattern;
import java.util.zip.CRC32C;

/**
 * One file of the WAL, {@code <first LSN, 20 digits>.wal}: this header, then entries of {@link EntryFormat} back to back.
 *
 * <pre>
 *  0 +--------------------------------------------------+
 *    | magic "KEEPUPWL" (8)                             |
 *  8 | format version (4)     | zero (4)                |
 * 16 | first LSN (8)                                    |
 * 24 | salt (4)               | CRC-32C of bytes 0-27   |
 * 32 +--------------------------------------------------+
 * </pre>
 *
 * <p>Behind the last entry stand zeros, or what is left of the segment that the file was before: never an entry of this one.
 *
 * <p>Keeps the offset of every entry (4 bytes each). Not thread-safe: the WAL's append lock guards it.
 */
final class Segment {
    static final int HEADER_BYTES = 32;
    static final String SUFFIX = ".wal";

    /** In any digits: a process under another locale may have named it in its own. */
    private static final Pattern NAME = Pattern.compile("[\\p{Nd}&&[^\\x{10000}-\\x{10FFFF}]]{20}\\.wal");

    private static final long MAGIC = 0x4B4545505550574CL;
    private static final int VERSION = 1;
    private static final int CRC_AT = 28;
    private static final int AHEAD_BYTES = 4 << 20;
    private static final int LARGE_BYTES = 256 << 10;
    private static final ByteBuffer ZEROS = ByteBuffer.allocateDirect(256 << 10).asReadOnlyBuffer();

    final Path path;
    final DiskFile file;
    /** Number of this segment since the WAL was opened; stands for it in a {@link WalLocation}. */
    final int ordinal;

    final long firstLsn;
    final int salt;
    private int[] offsets = new int[256];
    private int count;
    private int end = HEADER_BYTES;
    /** Up to here the file has been written, by this segment or its file's earlier life. */
    private int written;

    /** Over a file that has its header, and no entry noted yet. */
    Segment(Path path, DiskFile file, int ordinal, long firstLsn, int salt) {
        this.path = path;
        this.file = file;
        this.ordinal = ordinal;
        this.firstLsn = firstLsn;
        this.salt = salt;
        this.written = Math.toIntExact(Math.min(file.size(), Integer.MAX_VALUE));
    }

    /** Name of the file of the segment that starts at {@code firstLsn}. */
    static String name(long firstLsn) {
        return String.format(Locale.ROOT, "%020d%s", firstLsn, SUFFIX);
    }

    /** Whether the path is named like a segment, in whatever digits. */
    static boolean isSegment(Path path) {
        return NAME.matcher(path.getFileName().toString()).matches();
    }

    /** LSN in the name of a segment, in whatever digits. */
    static long firstLsn(Path segment) {
        String name = segment.getFileName().toString();
        return Long.parseLong(name.substring(0, name.length() - SUFFIX.length()));
    }

    /** Whether the header is whole and this volume's segment for {@code firstLsn}. */
    boolean headerIntact() {
        ByteBuffer header = ByteBuffer.allocate(HEADER_BYTES);
        file.read(header, 0);
        return !header.hasRemaining() && header.flip().equals(header(firstLsn, salt));
    }

    /** LSN of the last entry; {@code firstLsn - 1} when empty. */
    long lastLsn() {
        return firstLsn + count - 1;
    }

    /** Where the next entry goes, in bytes. */
    int end() {
        return end;
    }

    /** Offset of that entry, or of the end for the LSN after the last. */
    int offset(long lsn) {
        int index = Math.toIntExact(lsn - firstLsn);
        return index == count ? end : offsets[index];
    }

    /** Notes an entry of that length at the end. */
    void added(int length) {
        if (count == offsets.length) {
            offsets = Arrays.copyOf(offsets, count * 2);
        }
        offsets[count++] = end;
        end += length;
    }

    /** Forgets the entries after {@code lsn}. */
    void forgetAfter(long lsn) {
        end = offset(lsn + 1);
        count = Math.toIntExact(lsn + 1 - firstLsn);
    }

    /** Cuts the file off behind the last entry, so that nothing there can come to life. */
    void cut() {
        file.setSize(end);
        written = end;
    }

    /**
     * Takes note that entries now end at byte {@code upTo}, and when they outgrew the file, writes zeros some way ahead. An fsync
     * of bytes that were written before has no new size or blocks to journal, which makes it several times faster. Large
     * batches do without: they carry their journal entry easily, and zeros would double what they write.
     */
    void provide(int upTo, int segmentBytes) {
        if (upTo <= written) {
            return;
        }
        boolean large = upTo - written > LARGE_BYTES;
        int to = large ? upTo : Math.max(upTo, Math.min(segmentBytes, upTo + AHEAD_BYTES));
        try {
            for (int at = upTo; at < to; at += ZEROS.capacity()) {
                file.write(ZEROS.slice(0, Math.min(ZEROS.capacity(), to - at)), at);
            }
            written = to;
        } catch (VolumeException e) {
            if (e.kind() != Kind.DISK_FULL) {
                throw e;
            }
            // The entries are in; what is missing is speed.
            written = upTo;
        }
    }

    static ByteBuffer header(long firstLsn, int salt) {
        ByteBuffer header = ByteBuffer.allocate(HEADER_BYTES);
        header.putLong(MAGIC).putInt(VERSION).putInt(0).putLong(firstLsn).putInt(salt);
        CRC32C crc = new CRC32C();
        crc.update(header.array(), 0, CRC_AT);
        header.putInt(CRC_AT, (int) crc.getValue());
        return header.clear();
    }
}
