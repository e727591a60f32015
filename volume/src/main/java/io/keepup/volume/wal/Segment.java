package io.keepup.volume.wal;

import io.keepup.volume.VolumeSpec;
import io.keepup.volume.disk.Disk;
import io.keepup.volume.disk.DiskFile;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
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
 * <p>Keeps the offset of every entry (4 bytes each). Not thread-safe: the WAL's append lock guards it.
 */
final class Segment {
    static final int HEADER_BYTES = 32;
    static final String SUFFIX = ".wal";

    private static final Pattern NAME = Pattern.compile("\\d{20}\\.wal");
    private static final long MAGIC = 0x4B4545505550574CL;
    private static final int VERSION = 1;
    private static final int CRC_AT = 28;

    final Path path;
    final DiskFile file;
    /** Number of this segment since the WAL was opened; stands for it in a {@link WalLocation}. */
    final int ordinal;

    final long firstLsn;
    final int salt;
    private int[] offsets = new int[256];
    private int count;
    private int end = HEADER_BYTES;

    Segment(Path path, DiskFile file, int ordinal, long firstLsn, int salt) {
        this.path = path;
        this.file = file;
        this.ordinal = ordinal;
        this.firstLsn = firstLsn;
        this.salt = salt;
    }

    /** Whether the path is named like a segment. */
    static boolean isSegment(Path path) {
        return NAME.matcher(path.getFileName().toString()).matches();
    }

    /** Makes a new, empty segment; durable, its directory entry too. */
    static Segment create(Disk disk, Path directory, VolumeSpec spec, int ordinal, long firstLsn) {
        Path path = directory.resolve(String.format("%020d%s", firstLsn, SUFFIX));
        int salt = EntryFormat.salt(spec, firstLsn);
        DiskFile file = disk.open(path, true);
        try {
            file.setSize(0);
            file.write(header(firstLsn, salt), 0);
            file.force();
            disk.syncDirectory(directory);
        } catch (RuntimeException e) {
            file.close();
            throw e;
        }
        return new Segment(path, file, ordinal, firstLsn, salt);
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

    private static ByteBuffer header(long firstLsn, int salt) {
        ByteBuffer header = ByteBuffer.allocate(HEADER_BYTES);
        header.putLong(MAGIC).putInt(VERSION).putInt(0).putLong(firstLsn).putInt(salt);
        CRC32C crc = new CRC32C();
        crc.update(header.array(), 0, CRC_AT);
        header.putInt(CRC_AT, (int) crc.getValue());
        return header.clear();
    }
}
