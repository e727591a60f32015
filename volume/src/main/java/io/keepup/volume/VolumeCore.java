package io.keepup.volume;

import io.keepup.volume.VolumeException.Kind;
import io.keepup.volume.disk.Disk;
import io.keepup.volume.disk.DiskFile;
import io.keepup.volume.disk.FailStopDisk;
import io.keepup.volume.extent.BlockStore;
import io.keepup.volume.extent.Extent;
import io.keepup.volume.superblock.Superblock;
import io.keepup.volume.superblock.SuperblockState;
import io.keepup.volume.wal.Wal;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;

/**
 * What {@link Volume} and its rebuild sessions share: the parts on disk, the locks, and the checks before every operation.
 *
 * <p>Locks, in the order they are taken: {@link #flushLock}, {@link #gate}, the store's reads, the WAL's append lock.
 */
final class VolumeCore implements AutoCloseable {
    final VolumeSpec spec;
    final Superblock superblock;
    final BlockStore store;
    final Wal wal;
    /** One flush, digest, recycling, rebuild start or completion at a time. */
    final ReentrantLock flushLock = new ReentrantLock();
    /** Roles and sessions; makes WAL apply and base apply of a session exclude each other [R1]. */
    final ReentrantLock gate = new ReentrantLock();

    private static final int PROBE_BYTES = 512;
    private static final int PROBE_STEP_BYTES = 1 << 20;
    /** More than a segment takes ahead: else the next append would find the disk full again. */
    private static final int ROOM_BYTES = 5 * PROBE_STEP_BYTES;

    private final VolumeDirectory directory;
    private final FailStopDisk disk;
    private volatile VolumeFault fault;
    private volatile boolean closed;

    VolumeCore(VolumeDirectory directory, Disk rawDisk, VolumeTuning tuning) {
        this.directory = directory;
        disk = new FailStopDisk(rawDisk);
        superblock = Superblock.open(disk, directory.superblock(), disk::stop);
        SuperblockState state = superblock.current();
        spec = state.spec();
        fault = state.fault();
        wal = new Wal(disk, directory.wal(), spec, tuning.segmentBytes(), tuning.spareSegments(), this::damaged);
        try {
            Extent extent = Extent.open(disk, directory.path(), spec, state.rebuilding());
            store = new BlockStore(spec, wal, extent, this::damaged);
        } catch (RuntimeException e) {
            superblock.close();
            throw e;
        }
        try {
            recoverWal(state);
        } catch (RuntimeException e) {
            store.close();
            superblock.close();
            throw e;
        }
    }

    VerifiedEntries verify(List<WalEntry> batch) {
        return VerifiedEntries.of(spec, store.checksums(), batch, wal.headLsn());
    }

    private void recoverWal(SuperblockState state) {
        if (state.rebuilding()) {
            // [R6] [R9] What the directory holds is of a session that will not go on; the next one drops it.
            return;
        }
        long durable = Math.max(state.walDurable(), state.checkpointLsn());
        String damage = wal.recover(
                state.walTail(), state.epochBeforeTail(), durable, (lsn, kind, lba, blocks, at, payload) -> {
                    if (lsn > state.checkpointLsn()) {
                        store.recovered(kind, lba, blocks, at, payload);
                    }
                });
        fault = damage == null ? fault : VolumeFault.LOCAL_WAL_CORRUPT;
    }

    /**
     * Notes damage that a read found, for good: only a rebuild mends it. Called with the store's reads or the flush lock held,
     * which keeps a rebuild from starting, and so from emptying what was found damaged, in between.
     */
    private void damaged(VolumeFault found) {
        if (fault != null || superblock.current().rebuilding()) {
            return;
        }
        fault = found;
        if (!disk.stopped()) {
            superblock.update(now -> now.rebuilding() ? now : now.damaged(found));
        }
    }

    /** Fills {@code dst} from the extent. Flush lock held, and everything flushed: what does not match is damaged. */
    void readFlushed(long lba, ByteBuffer dst) {
        List<Long> damaged = store.readExtent(lba, dst);
        if (!damaged.isEmpty()) {
            throw store.damaged(damaged.getFirst());
        }
    }

    /** The damage found, or null. */
    VolumeFault fault() {
        return fault;
    }

    /** The damaged data was dropped. */
    void faultMended() {
        fault = null;
    }

    FailStopDisk disk() {
        return disk;
    }

    /** Writes to the disk what nobody needs, to see whether it takes it; notes what comes of it. */
    void probe() {
        try (DiskFile file = disk.open(directory.probe(), true)) {
            if (disk.full().isPresent()) {
                probeRoom(file);
                disk.hasRoom();
            } else {
                file.write(ByteBuffer.allocate(PROBE_BYTES), 0);
            }
            file.force();
        } catch (VolumeException e) {
            // The disk has noted it.
        }
    }

    /** Takes room and gives it back, also when there is too little: it is the data's. */
    private static void probeRoom(DiskFile file) {
        try {
            file.setSize(0);
            for (int taken = 0; taken < ROOM_BYTES; taken += PROBE_STEP_BYTES) {
                file.write(ByteBuffer.allocate(PROBE_STEP_BYTES), taken);
            }
        } finally {
            file.setSize(0);
        }
    }

    /** Epoch of the entry at the head; 0 when not known. Append lock held. */
    long headEpoch(SuperblockState s) {
        return wal.headLsn() == s.checkpointLsn() ? s.checkpointEpoch() : wal.headEpoch();
    }

    /** From now on there is no volume in the directory. */
    void discard() {
        directory.discard(disk);
    }

    /** Moves dirty data to the extent and advances the checkpoint; returns it. Flush lock held. */
    long checkpoint() {
        BlockStore.Flushed flushed = store.flush();
        SuperblockState s = superblock.current();
        if (flushed.lsn() > s.checkpointLsn()) {
            long durable = wal.durableLsn();
            superblock.update(now -> now.checkpointed(flushed.lsn(), flushed.epoch(), durable));
        }
        return flushed.lsn();
    }

    /** @throws VolumeException {@code CLOSED} */
    void requireOpen() {
        if (closed) {
            throw refused(Kind.CLOSED, "is closed: open it again");
        }
    }

    /** The state, when data may be read and written. */
    SuperblockState requireUsable() {
        requireOpen();
        SuperblockState s = superblock.current();
        if (s.rebuilding()) {
            throw refused(
                    Kind.REBUILDING, "has an unfinished rebuild, its data is unproven: wait until a rebuild completes");
        }
        if (fault != null) {
            throw refused(Kind.NOT_RECOVERABLE, "has a fault (" + fault + "): rebuild it from another copy");
        }
        return s;
    }

    /** Checks that {@code bytes} are whole blocks, at least one, that lie in the volume. */
    void requireBlocks(long lba, long bytes) {
        if (bytes <= 0 || bytes % spec.blockSize() != 0) {
            throw refused(
                    Kind.BAD_REQUEST,
                    "has blocks of " + spec.blockSize() + " bytes, not " + bytes + ": use whole blocks");
        }
        if (lba < 0 || lba > spec.blocks() - bytes / spec.blockSize()) {
            throw refused(
                    Kind.BAD_REQUEST,
                    "has " + spec.blocks() + " blocks, " + bytes + " bytes at block " + lba
                            + " do not fit: stay inside");
        }
    }

    /** "Volume x " and the rest of the sentence. */
    VolumeException refused(Kind kind, String rest) {
        return new VolumeException(kind, "Volume " + spec.volumeId() + " " + rest + ".");
    }

    /** Both locks held. What is in the WAL is made durable, and noted so that a WAL that ends below is known to be damaged. */
    @Override
    public void close() {
        // Under the append lock: an append that found the volume open is done by then.
        wal.appendLock().lock();
        closed = true;
        wal.appendLock().unlock();
        try {
            sealWal();
        } finally {
            store.close();
            superblock.close();
        }
    }

    boolean closed() {
        return closed;
    }

    private void sealWal() {
        SuperblockState s = superblock.current();
        if (s.rebuilding() || fault != null || disk.stopped()) {
            return;
        }
        long durable = wal.sync();
        if (durable > s.walDurable()) {
            superblock.update(now -> now.checkpointed(now.checkpointLsn(), now.checkpointEpoch(), durable));
        }
    }
}
