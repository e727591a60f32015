package io.keepup.volume.extent;

import io.keepup.volume.VolumeSpec;
import io.keepup.volume.WalEntry;
import io.keepup.volume.WalEntryKind;
import io.keepup.volume.disk.BufferPool;
import io.keepup.volume.wal.Wal;
import io.keepup.volume.wal.WalLocation;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * The volume's blocks: newest data in the local WAL, found by the dirty map, everything else in the extent.
 *
 * <p>A flush freezes the dirty map: new entries go to a fresh map, readers look in the fresh one, then the frozen one, then the
 * extent, so a block that the flush is writing is read from the WAL. Freezing, recycling and resetting wait for reads in
 * progress; nothing else does.
 */
public final class BlockStore implements AutoCloseable {
    private static final int RUN_BYTES = 1 << 20;
    /** Reading over a gap of this many bytes is cheaper than another read. */
    private static final int MAX_GAP_BYTES = 4096;

    private final VolumeSpec spec;
    private final int blockSize;
    private final Wal wal;
    private final Extent extent;
    private final ReentrantReadWriteLock reads = new ReentrantReadWriteLock();
    private final int runBytes;
    private final BufferPool buffers;

    /** Replaced under both {@link #reads} and the append lock. */
    private volatile DirtyMap active;

    /** What a flush is writing, or failed to write; null between flushes. */
    private volatile DirtyMap frozen;

    /** A store over these two, nothing dirty. */
    public BlockStore(VolumeSpec spec, Wal wal, Extent extent) {
        this.spec = spec;
        this.blockSize = spec.blockSize();
        this.runBytes = (int) Math.min(RUN_BYTES, spec.sizeBytes());
        this.buffers = new BufferPool(2 * runBytes, 4);
        this.wal = wal;
        this.extent = extent;
        this.active = new DirtyMap(spec.blocks());
    }

    /** The WAL; its append lock serializes {@link #write}, {@link #trim} and {@link #apply}. */
    public Wal wal() {
        return wal;
    }

    /** The extent, for those who go past the dirty map. */
    public Extent extent() {
        return extent;
    }

    /** Bytes of data that are in the WAL and not in the extent. */
    public long dirtyBytes() {
        DirtyMap older = frozen;
        return (long) (active.count() + (older == null ? 0 : older.count())) * blockSize;
    }

    /** Notes an entry that recovery found. */
    public void recovered(WalEntryKind kind, long lba, int blocks, long location) {
        note(kind, (int) lba, blocks, location);
    }

    /** Appends the data as one entry, or several of {@link WalEntry#MAX_PAYLOAD}; returns the last LSN. Append lock held. */
    public long write(long epoch, long lba, ByteBuffer data) {
        ByteBuffer rest = data.slice();
        int at = (int) lba;
        while (rest.hasRemaining()) {
            ByteBuffer part = rest.slice(rest.position(), Math.min(rest.remaining(), WalEntry.MAX_PAYLOAD));
            int blocks = part.remaining() / blockSize;
            wal.begin();
            long location = wal.add(epoch, at, blocks, part);
            wal.commit();
            note(WalEntryKind.WRITE, at, blocks, location);
            rest.position(rest.position() + part.remaining());
            at += blocks;
        }
        return wal.headLsn();
    }

    /** Appends a trim; returns its LSN. Append lock held. */
    public long trim(long epoch, long lba, int blocks) {
        wal.begin();
        long location = wal.add(epoch, lba, blocks, null);
        wal.commit();
        note(WalEntryKind.TRIM, (int) lba, blocks, location);
        return wal.headLsn();
    }

    /** Appends entries that were verified and follow the head; {@code applied} sees each once it is in the WAL. Append lock held. */
    public void apply(List<WalEntry> entries, Consumer<WalEntry> applied) {
        long[] locations = new long[entries.size()];
        int next = 0;
        while (next < locations.length) {
            int first = next;
            wal.begin();
            do {
                locations[next] = wal.add(entries.get(next));
                next++;
            } while (next < locations.length && !wal.batchFull());
            wal.commit();
            for (int i = first; i < next; i++) {
                WalEntry e = entries.get(i);
                applied.accept(e);
                note(e.kind(), (int) e.lba(), e.blocks(), locations[i]);
            }
        }
    }

    /** Fills {@code dst} with the newest data from {@code lba}. Each block is whole; blocks may be of different moments. */
    public void read(long lba, ByteBuffer dst) {
        int limit = dst.limit();
        int windowBlocks = runBytes / blockSize;
        long[] locations = new long[Math.min(windowBlocks, dst.remaining() / blockSize)];
        int at = (int) lba;
        while (dst.position() < limit) {
            int count = Math.min(windowBlocks, (limit - dst.position()) / blockSize);
            reads.readLock().lock();
            try {
                locate(at, count, locations);
                fill(at, count, locations, dst);
            } finally {
                reads.readLock().unlock();
                dst.limit(limit);
            }
            at += count;
        }
    }

    /** Runs {@code reader} while nothing is recycled or reset. */
    public <T> T whileReading(Supplier<T> reader) {
        reads.readLock().lock();
        try {
            return reader.get();
        } finally {
            reads.readLock().unlock();
        }
    }

    /**
     * A flush: WAL durable, then dirty blocks to the extent, then fsync. The WAL goes first: a block of an entry that a crash
     * takes back must not be in the extent. One flush at a time is the caller's to see to.
     *
     * @return LSN up to which the extent now holds everything, and its epoch
     */
    public Flushed flush() {
        DirtyMap map;
        Flushed flushed;
        reads.writeLock().lock();
        wal.appendLock().lock();
        try {
            map = active;
            if (frozen != null) {
                map.addOlder(frozen);
            }
            frozen = map;
            active = new DirtyMap(spec.blocks());
            flushed = new Flushed(wal.headLsn(), wal.headEpoch());
        } finally {
            wal.appendLock().unlock();
            reads.writeLock().unlock();
        }
        wal.syncTo(flushed.lsn());
        if (map.count() > 0) {
            writeOut(map);
            extent.force();
        }
        frozen = null;
        return flushed;
    }

    /** What a flush reached; {@code epoch} 0 when the WAL holds no entry. */
    public record Flushed(long lsn, long epoch) {}

    /** Forgets WAL entries below {@code tail}, which the extent must hold. */
    public void recycle(long tail) {
        reads.writeLock().lock();
        try {
            wal.recycle(tail);
        } finally {
            reads.writeLock().unlock();
        }
    }

    /** Drops dirty map, WAL and extent content; the next entry is {@code firstLsn}. No flush may be running. */
    public void reset(long firstLsn) {
        reads.writeLock().lock();
        try {
            wal.reset(firstLsn, () -> {
                active = new DirtyMap(spec.blocks());
                frozen = null;
            });
            extent.reset();
        } finally {
            reads.writeLock().unlock();
        }
    }

    @Override
    public void close() {
        reads.writeLock().lock();
        try {
            wal.close();
            extent.close();
        } finally {
            reads.writeLock().unlock();
        }
    }

    private void note(WalEntryKind kind, int lba, int blocks, long location) {
        switch (kind) {
            case WRITE -> active.put(lba, blocks, location, blockSize);
            case TRIM -> active.putTrimmed(lba, blocks);
        }
    }

    private void locate(int lba, int count, long[] locations) {
        DirtyMap newer = active;
        DirtyMap older = frozen;
        for (int i = 0; i < count; i++) {
            long location = newer.get(lba + i);
            locations[i] = location != WalLocation.NONE || older == null ? location : older.get(lba + i);
        }
    }

    /** Fills from WAL, extent and zeros, a run at a time. */
    private void fill(int lba, int count, long[] locations, ByteBuffer dst) {
        int i = 0;
        while (i < count) {
            int end = i + 1;
            long location = locations[i];
            if (location > 0) {
                end = readWal(i, count, locations, dst);
            } else {
                while (end < count && locations[end] == location) {
                    end++;
                }
                dst.limit(dst.position() + (end - i) * blockSize);
                if (location == WalLocation.TRIMMED) {
                    zeroFill(dst);
                } else {
                    extent.read(lba + i, dst);
                }
            }
            i = end;
        }
    }

    /** Reads blocks from the WAL: as many as lie in order close enough for one read. Returns the index after them. */
    private int readWal(int first, int count, long[] locations, ByteBuffer dst) {
        long start = locations[first];
        int end = first + 1;
        long bytes = blockSize;
        while (end < count && WalLocation.sameSegment(start, locations[end])) {
            long gap = locations[end] - (start + bytes);
            if (gap < 0 || gap > MAX_GAP_BYTES || bytes + gap + blockSize > 2 * runBytes) {
                break;
            }
            bytes += gap + blockSize;
            end++;
        }
        dst.limit(dst.position() + (end - first) * blockSize);
        if (bytes == dst.remaining()) {
            wal.read(start, dst);
            return end;
        }
        ByteBuffer span = buffers.take();
        try {
            wal.read(start, span.limit((int) bytes));
            for (int i = first; i < end; i++) {
                dst.put(dst.position(), span, (int) (locations[i] - start), blockSize);
                dst.position(dst.position() + blockSize);
            }
        } finally {
            buffers.give(span);
        }
        return end;
    }

    private void writeOut(DirtyMap map) {
        int windowBlocks = runBytes / blockSize;
        long[] locations = new long[windowBlocks];
        ByteBuffer run = buffers.take();
        try {
            int lba = map.next(0);
            while (lba >= 0) {
                int count = run(map, lba, locations);
                run.clear();
                fill(lba, count, locations, run);
                extent.write(lba, run.flip());
                lba = map.next(lba + count);
            }
        } finally {
            buffers.give(run);
        }
    }

    /** Collects the dirty blocks in a row from {@code lba}. */
    private int run(DirtyMap map, int lba, long[] locations) {
        int count = 0;
        while (count < locations.length && lba + count < spec.blocks()) {
            long location = map.get(lba + count);
            if (location == WalLocation.NONE) {
                break;
            }
            locations[count++] = location;
        }
        return count;
    }

    private static void zeroFill(ByteBuffer dst) {
        while (dst.remaining() >= Long.BYTES) {
            dst.putLong(0);
        }
    }
}
