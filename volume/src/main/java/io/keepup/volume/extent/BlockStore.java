package io.keepup.volume.extent;

import io.keepup.volume.VerifiedEntries;
import io.keepup.volume.VolumeException;
import io.keepup.volume.VolumeFault;
import io.keepup.volume.VolumeSpec;
import io.keepup.volume.WalEntry;
import io.keepup.volume.WalEntryKind;
import io.keepup.volume.disk.BufferPool;
import io.keepup.volume.extent.BlockReader.Located;
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

    private final VolumeSpec spec;
    private final int blockSize;
    private final Wal wal;
    private final Extent extent;
    private final ReentrantReadWriteLock reads = new ReentrantReadWriteLock();
    private final int runBytes;
    private final BufferPool buffers;
    private final BlockReader reader;
    private final BlockChecksums checksums;

    /** Replaced under both {@link #reads} and the append lock. */
    private volatile DirtyMap active;

    /** What a flush is writing, or failed to write; null between flushes. */
    private volatile DirtyMap frozen;

    /**
     * A store over these two, nothing dirty.
     *
     * @param damage told when a read finds a block of the extent that is not what was written; the read then throws
     *     {@code NOT_RECOVERABLE}
     */
    public BlockStore(VolumeSpec spec, Wal wal, Extent extent, Consumer<VolumeFault> damage) {
        this.spec = spec;
        this.blockSize = spec.blockSize();
        this.runBytes = (int) Math.min(RUN_BYTES, spec.sizeBytes());
        this.buffers = new BufferPool(2 * runBytes, 4);
        this.wal = wal;
        this.extent = extent;
        this.reader = new BlockReader(spec, wal, extent, buffers, damage);
        this.checksums = new BlockChecksums(blockSize);
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
    public void recovered(WalEntryKind kind, long lba, int blocks, long location, ByteBuffer payload) {
        note(kind, (int) lba, blocks, location, kind == WalEntryKind.WRITE ? checksums.of(payload) : null);
    }

    /** How checksums of blocks are computed here. */
    public BlockChecksums checksums() {
        return checksums;
    }

    /** Appends the data as one entry, or several of {@link WalEntry#MAX_PAYLOAD}; returns the last LSN. Append lock held. */
    public long write(long epoch, long lba, ByteBuffer data) {
        ByteBuffer rest = data.slice();
        int at = (int) lba;
        while (rest.hasRemaining()) {
            ByteBuffer part = rest.slice(rest.position(), Math.min(rest.remaining(), WalEntry.MAX_PAYLOAD));
            int blocks = part.remaining() / blockSize;
            int[] sums = checksums.of(part);
            active.reserve(at, blocks); // an entry that is in the WAL and cannot be noted would never be read
            wal.begin();
            long location = wal.add(epoch, at, blocks, part);
            wal.commit();
            note(WalEntryKind.WRITE, at, blocks, location, sums);
            rest.position(rest.position() + part.remaining());
            at += blocks;
        }
        return wal.headLsn();
    }

    /** Appends a trim; returns its LSN. Append lock held. */
    public long trim(long epoch, long lba, int blocks) {
        active.reserve((int) lba, blocks);
        wal.begin();
        long location = wal.add(epoch, lba, blocks, null);
        wal.commit();
        note(WalEntryKind.TRIM, (int) lba, blocks, location, null);
        return wal.headLsn();
    }

    /** Appends entries that follow the head; {@code applied} sees each once it is in the WAL. Append lock held. */
    public void apply(VerifiedEntries entries, Consumer<WalEntry> applied) {
        long[] locations = new long[entries.size()];
        int next = 0;
        while (next < locations.length) {
            int first = next;
            wal.beginShipped();
            do {
                WalEntry e = entries.entry(next);
                active.reserve((int) e.lba(), e.blocks());
                locations[next] = wal.add(e);
                next++;
            } while (next < locations.length && !wal.batchFull());
            wal.commit();
            for (int i = first; i < next; i++) {
                WalEntry e = entries.entry(i);
                applied.accept(e);
                note(e.kind(), (int) e.lba(), e.blocks(), locations[i], entries.blockChecksums(i));
            }
        }
    }

    /**
     * Fills {@code dst} with the newest data from {@code lba}. Each block is whole; blocks may be of different moments.
     *
     * @throws io.keepup.volume.VolumeException {@code NOT_RECOVERABLE} when a block is not what was written
     */
    public void read(long lba, ByteBuffer dst) {
        int limit = dst.limit();
        int windowBlocks = runBytes / blockSize;
        Located located = new Located(Math.min(windowBlocks, dst.remaining() / blockSize));
        int at = (int) lba;
        while (dst.position() < limit) {
            int count = Math.min(windowBlocks, (limit - dst.position()) / blockSize);
            reads.readLock().lock();
            try {
                locate(at, count, located);
                reader.fill(at, count, located, dst, this::readSettled);
            } finally {
                reads.readLock().unlock();
                dst.limit(limit);
            }
            at += count;
        }
    }

    /** Reads a block while none is written. */
    private void readSettled(int lba, ByteBuffer block) {
        Located located = new Located(1);
        wal.appendLock().lock();
        try {
            locate(lba, 1, located);
            reader.fill(lba, 1, located, block, null);
        } finally {
            wal.appendLock().unlock();
        }
    }

    /**
     * Fills {@code dst} straight from the extent.
     *
     * @return the blocks that do not match their checksum: damaged, or being written, or left half written by a crash and then
     *     {@link #dirty}
     */
    public List<Long> readExtent(long lba, ByteBuffer dst) {
        // Under the lock: a rebuild that starts meanwhile empties the extent.
        return whileReading(() -> extent.readAround(lba, dst));
    }

    /** Whether the WAL holds the block, so that the next flush writes it. */
    public boolean dirty(long lba) {
        DirtyMap newer = active;
        DirtyMap older = frozen;
        return newer.get((int) lba) != WalLocation.NONE || older != null && older.get((int) lba) != WalLocation.NONE;
    }

    /** Notes a block that is damaged, for good; gives the exception to throw. */
    public VolumeException damaged(long lba) {
        return reader.damaged(lba);
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

    /**
     * Drops dirty map, WAL and extent content; the next entry is {@code firstLsn}. No flush may be running.
     *
     * @param epochBefore epoch of the entry before the next one; 0 when not known
     */
    public void reset(long firstLsn, long epochBefore) {
        reads.writeLock().lock();
        try {
            wal.reset(firstLsn, epochBefore, () -> {
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

    private void note(WalEntryKind kind, int lba, int blocks, long location, int[] blockChecksums) {
        switch (kind) {
            case WRITE -> active.put(lba, location, blockSize, blockChecksums);
            case TRIM -> active.putTrimmed(lba, blocks);
        }
    }

    private void locate(int lba, int count, Located located) {
        DirtyMap newer = active;
        DirtyMap older = frozen;
        for (int i = 0; i < count; i++) {
            boolean found = locate(newer, lba + i, located, i);
            if (!found && older != null) {
                locate(older, lba + i, located, i);
            }
        }
    }

    private static boolean locate(DirtyMap map, int lba, Located located, int i) {
        long location = map.get(lba);
        located.locations[i] = location;
        if (location == WalLocation.NONE) {
            return false;
        }
        located.checksums[i] = map.checksum(lba);
        return true;
    }

    /** Verifies what it takes from the WAL: what was damaged there must not get a checksum that says it is sound. */
    private void writeOut(DirtyMap map) {
        Located located = new Located(runBytes / blockSize);
        ByteBuffer run = buffers.take();
        try {
            int lba = map.next(0);
            while (lba >= 0) {
                int count = run(map, lba, located);
                run.clear();
                reader.fill(lba, count, located, run, null);
                extent.write(lba, run.flip(), located.checksums);
                lba = map.next(lba + count);
            }
        } finally {
            buffers.give(run);
        }
    }

    /** Collects the dirty blocks in a row from {@code lba}. */
    private int run(DirtyMap map, int lba, Located located) {
        int count = 0;
        while (count < located.locations.length
                && lba + count < spec.blocks()
                && locate(map, lba + count, located, count)) {
            count++;
        }
        return count;
    }
}
