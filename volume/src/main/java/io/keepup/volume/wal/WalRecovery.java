package io.keepup.volume.wal;

import io.keepup.volume.VolumeSpec;
import io.keepup.volume.WalEntryKind;
import io.keepup.volume.disk.Disk;
import io.keepup.volume.disk.DiskFile;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Reads a WAL directory at open: every entry is checked, a torn tail is dropped, damage to what had been durable is reported
 * and nothing is touched.
 */
final class WalRecovery {
    /** Sees every intact entry at or after the tail, in LSN order. */
    interface Visitor {
        /**
         * @param location of the first block's data
         * @param payload valid during the call; empty for a trim
         */
        void entry(long lsn, WalEntryKind kind, long lba, int blocks, long location, ByteBuffer payload);
    }

    /**
     * What was found.
     *
     * @param segments in LSN order; closed again when damaged
     * @param lastEpoch epoch of the last entry; 0 when there is none
     * @param epochs of the entries from the tail on, and of the one before
     * @param recycled segments below the tail: a crash came before they were given up
     * @param damage what is damaged and where, or null
     */
    record Outcome(List<Segment> segments, long lastEpoch, EpochStarts epochs, List<Path> recycled, String damage) {}

    private static final int WINDOW_BYTES = 4 << 20;

    private final Disk disk;
    private final Path directory;
    private final VolumeSpec spec;
    private final long tail;
    private final long durable;
    private final Visitor visitor;
    private final List<Segment> segments = new ArrayList<>();
    private final List<Path> recycled = new ArrayList<>();
    private ByteBuffer window = ByteBuffer.allocate(0);
    private long windowAt;
    private long lastEpoch;
    private EpochStarts epochs;

    /**
     * @param tail the oldest LSN that must be there
     * @param before what is known of the entry before it
     * @param durable the WAL reached at least this far, or is damaged
     */
    WalRecovery(
            Disk disk, Path directory, VolumeSpec spec, long tail, EpochStarts before, long durable, Visitor visitor) {
        this.disk = disk;
        this.directory = directory;
        this.spec = spec;
        this.tail = tail;
        this.epochs = before;
        this.durable = durable;
        this.visitor = visitor;
    }

    Outcome run() {
        String damage = scanAll();
        if (damage != null) {
            segments.forEach(s -> s.file.close());
            return new Outcome(List.of(), 0, epochs, List.of(), damage);
        }
        return new Outcome(segments, lastEpoch, epochs, recycled, null);
    }

    private String scanAll() {
        List<Path> files =
                disk.list(directory).stream().filter(Segment::isSegment).toList();
        for (int i = 0; i < files.size(); i++) {
            long next = i + 1 < files.size() ? Segment.firstLsn(files.get(i + 1)) : Long.MAX_VALUE;
            if (next <= tail) {
                recycled.add(files.get(i));
                continue;
            }
            String damage = open(files.get(i), next);
            if (damage != null) {
                return damage;
            }
        }
        if (segments.isEmpty()) {
            return "no segment holds LSN " + tail;
        }
        long head = segments.getLast().lastLsn();
        return head < durable ? "entries after LSN " + head + " are gone, " + durable + " had been durable" : null;
    }

    private String open(Path path, long nextFirstLsn) {
        long first = Segment.firstLsn(path);
        boolean last = nextFirstLsn == Long.MAX_VALUE;
        long expected = segments.isEmpty() ? first : segments.getLast().lastLsn() + 1;
        if (first != expected || (segments.isEmpty() && first > tail)) {
            return "segment with LSN " + Math.min(tail, expected) + " is missing before " + path.getFileName();
        }
        DiskFile file = disk.open(path, false);
        Segment segment = new Segment(path, file, segments.size() + 1, first, EntryFormat.salt(spec, first));
        if (!segment.headerIntact()) {
            file.close();
            return "header of " + path.getFileName() + " is damaged";
        }
        segments.add(segment);
        if (window.capacity() < Math.min(WINDOW_BYTES, file.size())) {
            window = ByteBuffer.allocateDirect((int) Math.min(WINDOW_BYTES, file.size()));
        }
        window.limit(0);
        return scan(segment, last, nextFirstLsn);
    }

    private String scan(Segment segment, boolean last, long nextFirstLsn) {
        long size = segment.file.size();
        // Behind a full segment's last entry may stand what its file held before.
        while (segment.end() < size && segment.lastLsn() + 1 < nextFirstLsn) {
            long lsn = segment.lastLsn() + 1;
            int length = intactEntry(segment, lsn, size);
            if (length == 0) {
                return last
                        ? torn(segment, lsn, size)
                        : "entry " + lsn + " in " + segment.path.getFileName() + " is damaged";
            }
            int at = (int) (segment.end() - windowAt);
            lastEpoch = EntryFormat.epoch(window, at);
            if (lsn >= tail) {
                epochs = epochs.with(lsn, lastEpoch);
                long location = WalLocation.of(segment.ordinal, segment.end() + EntryFormat.HEADER_BYTES);
                WalEntryKind kind = EntryFormat.kind(window, at);
                ByteBuffer payload = window.slice(at + EntryFormat.HEADER_BYTES, length - EntryFormat.HEADER_BYTES);
                visitor.entry(
                        lsn, kind, EntryFormat.lba(window, at), EntryFormat.blocks(window, at), location, payload);
            }
            segment.added(length);
        }
        if (!last && segment.lastLsn() + 1 != nextFirstLsn) {
            return "entries after LSN " + segment.lastLsn() + " are missing in " + segment.path.getFileName();
        }
        return null;
    }

    /** Length of the entry at the segment's end, or 0 when it is torn or damaged. */
    private int intactEntry(Segment segment, long lsn, long size) {
        int at = load(segment, segment.end(), EntryFormat.HEADER_BYTES, size);
        if (!EntryFormat.headerIntact(window, at, segment.salt, spec) || EntryFormat.lsn(window, at) != lsn) {
            return 0;
        }
        int length = EntryFormat.length(window, at, spec);
        if (segment.end() + (long) length > size) {
            return 0;
        }
        at = load(segment, segment.end(), length, size);
        return EntryFormat.entryIntact(window, at, length) ? length : 0;
    }

    /** Drops what follows the last whole entry, unless something proves that entry {@code lsn} had been durable. */
    private String torn(Segment segment, long lsn, long size) {
        if (lsn <= durable) {
            return "entry " + lsn + " in " + segment.path.getFileName() + " is damaged, it had been durable";
        }
        boolean entries = false;
        for (long offset = segment.end(); offset + EntryFormat.HEADER_BYTES <= size; offset++) {
            int at = load(segment, offset, EntryFormat.HEADER_BYTES, size);
            if (window.getInt(at) != EntryFormat.MAGIC || !EntryFormat.headerIntact(window, at, segment.salt, spec)) {
                continue;
            }
            entries = true;
            if (EntryFormat.lsn(window, at) > lsn && EntryFormat.durable(window, at) >= lsn) {
                return "entry " + lsn + " in " + segment.path.getFileName() + " is damaged, entry "
                        + EntryFormat.lsn(window, at) + " proves that it had been durable";
            }
        }
        if (entries) {
            // Cut them off for good: they could otherwise follow a new entry and come back to life.
            segment.cut();
            segment.file.force();
        }
        return null;
    }

    /** Has the window hold {@code length} bytes from {@code offset}, as far as the file goes; returns their index in it. */
    private int load(Segment segment, long offset, int length, long size) {
        if (window.limit() == 0 || offset < windowAt || offset + length > windowAt + window.limit()) {
            window.clear();
            windowAt = offset;
            segment.file.read(window, offset);
            window.flip();
            if (window.limit() < Math.min(length, size - offset)) {
                throw new IllegalStateException(segment.path + " became shorter while it was read");
            }
        }
        return (int) (offset - windowAt);
    }
}
