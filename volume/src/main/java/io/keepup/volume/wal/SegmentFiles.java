package io.keepup.volume.wal;

import io.keepup.volume.VolumeSpec;
import io.keepup.volume.disk.Disk;
import io.keepup.volume.disk.DiskFile;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The files behind the segments: {@code *.wal} in use, {@code *.spare} given up and to be written again, {@code next} being made.
 *
 * <p>A spare keeps its bytes: its entries carry the salt of the segment it was, so they are never taken for the next one's. That
 * needs two segments of one life never to start at the same LSN, and a reset, which starts another life, to keep nothing. Thread-safe.
 */
final class SegmentFiles {
    private static final String SPARE = ".spare";
    private static final String NEXT = "next";

    private final Disk disk;
    private final Path directory;
    private final VolumeSpec spec;
    private final int kept;
    private final Deque<Path> spares = new ArrayDeque<>();

    /** @param kept at most so many spares */
    SegmentFiles(Disk disk, Path directory, VolumeSpec spec, int kept) {
        this.disk = disk;
        this.directory = directory;
        this.spec = spec;
        this.kept = kept;
    }

    /**
     * Renames, durably, the segments that a process under another locale named in that locale's digits.
     *
     * @return what keeps it from that, one phrase, and then nothing was touched: two segments have the same number; else null
     */
    synchronized String renameToAsciiDigits() {
        Map<Path, Path> named = new HashMap<>();
        for (Path path : disk.list(directory)) {
            if (Segment.isSegment(path)) {
                Path ascii = directory.resolve(Segment.name(Segment.firstLsn(path)));
                Path other = named.put(ascii, path);
                if (other != null) {
                    return "segments " + other.getFileName() + " and " + path.getFileName() + " have the same number";
                }
            }
        }
        named.entrySet().removeIf(name -> name.getKey().equals(name.getValue()));
        if (!named.isEmpty()) {
            named.forEach((ascii, path) -> disk.rename(path, ascii));
            disk.syncDirectory(directory);
        }
        return null;
    }

    /** Takes in the spares that an earlier run left. */
    synchronized void found() {
        for (Path path : disk.list(directory)) {
            if (isSpare(path)) {
                keepOrDelete(path);
            }
        }
    }

    /** Makes a new, empty segment. It gets its name when its header is durable, and is durable with it on return. */
    synchronized Segment create(int ordinal, long firstLsn) {
        Path made = spares.isEmpty() ? directory.resolve(NEXT) : spares.removeFirst();
        Path path = directory.resolve(Segment.name(firstLsn));
        int salt = EntryFormat.salt(spec, firstLsn);
        try (DiskFile file = disk.open(made, true)) {
            if (!isSpare(made)) {
                file.setSize(0); // a crash may have left one
            }
            file.write(Segment.header(firstLsn, salt), 0);
            file.force();
        }
        disk.rename(made, path);
        DiskFile file = disk.open(path, false);
        try {
            disk.syncDirectory(directory);
            return new Segment(path, file, ordinal, firstLsn, salt);
        } catch (RuntimeException e) {
            file.close();
            throw e;
        }
    }

    /** Takes a closed segment's file that is needed no more. */
    synchronized void giveUp(Path segment) {
        if (spares.size() >= kept) {
            disk.delete(segment);
            return;
        }
        String name = segment.getFileName().toString();
        Path spare = segment.resolveSibling(name.substring(0, name.length() - Segment.SUFFIX.length()) + SPARE);
        disk.rename(segment, spare);
        spares.addLast(spare);
    }

    /** Deletes every segment and spare. */
    synchronized void deleteAll() {
        spares.clear();
        List<Path> all = disk.list(directory);
        all.stream().filter(path -> Segment.isSegment(path) || isSpare(path)).forEach(disk::delete);
    }

    private void keepOrDelete(Path spare) {
        if (spares.size() < kept) {
            spares.addLast(spare);
        } else {
            disk.delete(spare);
        }
    }

    private static boolean isSpare(Path path) {
        return path.getFileName().toString().endsWith(SPARE);
    }
}
