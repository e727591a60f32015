package io.keepup.volume;

import io.keepup.volume.VolumeException.Kind;
import io.keepup.volume.disk.Disk;
import io.keepup.volume.disk.FileSystemDisk;
import io.keepup.volume.superblock.SuperblockState;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.LongConsumer;

/**
 * A block volume on disk: writes go to the local WAL, a flush moves them to the extent and advances the checkpoint, opening
 * replays the WAL from there.
 *
 * <p>Thread-safe. Every method throws {@link VolumeException}: {@code CLOSED} after {@link #close}, {@code REBUILDING} while a
 * rebuild marker stands and {@code NOT_RECOVERABLE} after a fault where data would be read or written, {@code DISK_FULL} or
 * {@code IO_ERROR} from the disk. Blocks are the unit of atomicity: a concurrent reader sees each block whole.
 */
public final class Volume implements AutoCloseable {
    private final VolumeCore core;
    private final Disk.Lock directoryLock;
    private final FlushTrigger flushTrigger;
    private final RebuildControl control;

    private Volume(VolumeDirectory directory, Disk disk, Disk.Lock directoryLock, VolumeTuning tuning) {
        this.directoryLock = directoryLock;
        this.core = new VolumeCore(directory, disk, tuning);
        this.flushTrigger = new FlushTrigger(core.spec.volumeId(), tuning, core.store::dirtyBytes, this::flush);
        this.control = new RebuildControl(core, flushTrigger);
    }

    /**
     * Creates a volume of zeros and opens it.
     *
     * @param dir empty or absent
     * @throws VolumeException {@code ALREADY_EXISTS}, {@code LOCKED}, {@code NOT_WRITABLE}
     */
    public static Volume create(Path dir, VolumeSpec spec) {
        return create(dir, spec, new FileSystemDisk(), VolumeTuning.DEFAULT);
    }

    /**
     * Opens a volume: takes its lock, reads the superblock, replays the local WAL.
     *
     * @throws VolumeException {@code NOT_A_VOLUME}, {@code LOCKED}, {@code NOT_WRITABLE}, {@code SUPERBLOCK_CORRUPT},
     *     {@code FORMAT_VERSION}
     */
    public static Volume open(Path dir) {
        return open(dir, new FileSystemDisk(), VolumeTuning.DEFAULT);
    }

    /**
     * As {@link #create(Path, VolumeSpec)}, on a given disk.
     *
     * @param disk may serve several volumes in directories of their own
     */
    public static Volume create(Path dir, VolumeSpec spec, Disk disk, VolumeTuning tuning) {
        VolumeDirectory directory = new VolumeDirectory(dir);
        directory.requireEmpty(disk);
        disk.createDirectories(dir);
        return locked(directory, disk, tuning, () -> {
            directory.requireEmpty(disk);
            directory.create(disk, spec);
        });
    }

    /** As {@link #open(Path)}, on a given disk. */
    public static Volume open(Path dir, Disk disk, VolumeTuning tuning) {
        VolumeDirectory directory = new VolumeDirectory(dir);
        directory.requireVolume(disk);
        return locked(directory, disk, tuning, () -> directory.requireVolume(disk));
    }

    private static Volume locked(VolumeDirectory directory, Disk disk, VolumeTuning tuning, Runnable first) {
        Disk.Lock lock = disk.lock(directory.path());
        try {
            first.run();
            return new Volume(directory, disk, lock, tuning);
        } catch (RuntimeException e) {
            lock.close();
            throw e;
        }
    }

    /** What it was created with. */
    public VolumeSpec spec() {
        return core.spec;
    }

    /** The facts, all of one moment. Answers whatever state the volume is in. */
    public VolumeStatus status() {
        core.wal.appendLock().lock();
        try {
            // The marker is written before the WAL is reset and cleared after all is in place, so under the append lock
            // a state without marker goes with a WAL that counts.
            SuperblockState s = core.superblock.current();
            boolean proven = !s.rebuilding() && core.fault() == null;
            long head = core.wal.headLsn();
            return new VolumeStatus(
                    core.spec,
                    s.epoch(),
                    s.role(),
                    proven ? head : 0,
                    proven ? core.headEpoch(s) : 0,
                    proven ? core.wal.durableLsn() : 0,
                    s.checkpointLsn(),
                    s.walTail(),
                    proven,
                    s.rebuilding() ? null : core.fault(),
                    s.rebuilding() ? OptionalLong.of(s.lastSessionId()) : OptionalLong.empty());
        } finally {
            core.wal.appendLock().unlock();
        }
    }

    /** Why the volume takes no changes until it is opened again; empty while it does. Reads go on. */
    public Optional<VolumeException> stopped() {
        return core.disk().failure();
    }

    /** The last change for which the disk had no room, until {@link #probe} finds some; empty while there is room. */
    public Optional<VolumeException> full() {
        return core.disk().full();
    }

    /**
     * Changes a file of its own beside the data, and fsyncs it: so a disk that takes no changes is noticed when nobody writes, and
     * room on one that was full. Costs one fsync; on a stopped or closed volume, nothing.
     *
     * @return whether the disk took it
     */
    public boolean probe() {
        if (core.closed() || core.disk().stopped()) {
            return false;
        }
        core.probe();
        return core.disk().failure().isEmpty() && core.disk().full().isEmpty();
    }

    /**
     * Takes a role, durably; the same again is a no-op. A higher epoch ends a live rebuild session.
     *
     * @throws VolumeException {@code STALE_EPOCH} for a lower epoch, {@code CONFLICTING_ROLE} for another role in the same one
     */
    public void assume(long epoch, VolumeRole role) {
        core.gate.lock();
        try {
            core.requireOpen();
            SuperblockState s = core.superblock.current();
            if (epoch < s.epoch()) {
                throw core.refused(
                        Kind.STALE_EPOCH, "is at epoch " + s.epoch() + ", not " + epoch + ": use the current epoch");
            }
            if (epoch == s.epoch()) {
                if (role != s.role()) {
                    throw core.refused(
                            Kind.CONFLICTING_ROLE,
                            "is " + s.role() + " in epoch " + epoch + ", not " + role
                                    + ": a new role needs a new epoch");
                }
                return;
            }
            core.superblock.update(now -> now.assumed(epoch, role));
            // An append that saw the old role holds the append lock: after this none is left.
            core.wal.appendLock().lock();
            core.wal.appendLock().unlock();
            control.epochChanged();
        } finally {
            core.gate.unlock();
        }
    }

    /**
     * Appends a write to the local WAL; read from then on, durable after {@link #awaitDurable}. Primary only.
     *
     * @param data whole blocks; split into entries of {@link WalEntry#MAX_PAYLOAD}; its position does not change
     * @return LSN, of the last entry if several
     */
    public long write(long lba, ByteBuffer data) {
        core.requireBlocks(lba, data.remaining());
        return append(VolumeRole.PRIMARY, Kind.NOT_PRIMARY, s -> core.store.write(s.epoch(), lba, data));
    }

    /** Appends a trim: the blocks read as zeros. Primary only. Returns its LSN. */
    public long trim(long lba, int blocks) {
        core.requireBlocks(lba, (long) blocks * core.spec.blockSize());
        return append(VolumeRole.PRIMARY, Kind.NOT_PRIMARY, s -> core.store.trim(s.epoch(), lba, blocks));
    }

    /** Returns once the entry is fsynced; one fsync serves all who wait. */
    public void awaitDurable(long lsn) {
        core.requireUsable();
        if (core.wal.syncTo(lsn) < lsn) {
            throw core.refused(
                    Kind.BAD_REQUEST,
                    "has no LSN " + lsn + ", its head is " + core.wal.headLsn() + ": wait for a write first");
        }
    }

    /** Makes everything written or applied before the call durable; returns the durable LSN. */
    public long sync() {
        core.requireUsable();
        return core.wal.sync();
    }

    /** Fills {@code dst}, whole blocks, with the newest data from {@code lba}. */
    public void read(long lba, ByteBuffer dst) {
        core.requireBlocks(lba, dst.remaining());
        core.requireUsable();
        core.store.read(lba, dst);
        // A rebuild that started meanwhile may have emptied what was read.
        core.requireUsable();
    }

    /**
     * Applies shipped entries after the last one applied, and makes them durable with one fsync. Replica only. Entries already
     * applied are left out. All are checked before the first takes effect.
     *
     * @return number of entries applied
     * @throws VolumeException {@code GAP}, {@code ENTRY_CORRUPT}, {@code STALE_EPOCH} (a later epoch than the volume's, or an
     *     earlier one than the entry before)
     */
    public int apply(List<WalEntry> batch) {
        int applied = applyUnsynced(verify(batch));
        core.wal.sync();
        return applied;
    }

    /**
     * Verifies shipped entries; those applied before are left out. May run while others are applied.
     *
     * @throws VolumeException {@code ENTRY_CORRUPT}
     */
    public VerifiedEntries verify(List<WalEntry> batch) {
        return core.verify(batch);
    }

    /** As {@link #apply}, without the fsync: {@link #sync} makes the entries durable. */
    public int applyUnsynced(VerifiedEntries batch) {
        long applied = append(VolumeRole.REPLICA, Kind.NOT_REPLICA, s -> {
            VerifiedEntries next = batch.following(core.spec, core.wal.headLsn(), core.headEpoch(s), s.epoch());
            core.store.apply(next, entry -> {});
            return next.size();
        });
        return (int) applied;
    }

    /**
     * Durable entries for shipping, in LSN order from {@code fromLsn}; empty when there are none yet.
     *
     * @param maxBytes limit for entries with their headers; one entry is given even when it is larger
     * @throws VolumeException {@code WAL_RECYCLED} when {@code fromLsn} is below the WAL tail
     */
    public List<WalEntry> readWal(long fromLsn, int maxBytes) {
        return core.store.whileReading(() -> {
            long tail = core.requireUsable().walTail();
            if (fromLsn < tail) {
                throw core.refused(
                        Kind.WAL_RECYCLED,
                        "has its WAL from LSN " + tail + ", not " + fromLsn + ": a rebuild is needed from there");
            }
            return core.wal.readEntries(fromLsn, maxBytes);
        });
    }

    /** Bytes of the retained WAL entries from {@code fromLsn} on, with their headers. */
    public long walBytes(long fromLsn) {
        return core.store.whileReading(
                () -> core.wal.bytesFrom(Math.max(fromLsn, core.requireUsable().walTail())));
    }

    /**
     * Epoch of the entry at that LSN [A8]. Known from the one before the tail on, and of what was recycled since the volume was
     * opened; else 0.
     */
    public long epochAt(long lsn) {
        core.requireUsable();
        return core.wal.epochOf(lsn);
    }

    /**
     * Moves what was written so far to the extent and advances the checkpoint. In a rebuild session the data moves but nothing
     * is checkpointed before completion [R6].
     *
     * @return checkpoint LSN; 0 while a rebuild marker stands
     */
    public long flush() {
        core.flushLock.lock();
        try {
            core.requireOpen();
            if (core.superblock.current().rebuilding()) {
                control.flush();
                return 0;
            }
            core.requireUsable();
            return core.checkpoint();
        } finally {
            core.flushLock.unlock();
        }
    }

    /** Lets the local WAL drop entries up to {@code upToLsn}, at most up to the checkpoint. No-op while a rebuild marker stands. */
    public void recycleWal(long upToLsn) {
        core.flushLock.lock();
        try {
            core.requireOpen();
            SuperblockState s = core.superblock.current();
            if (s.rebuilding()) {
                return;
            }
            core.requireUsable();
            long last = Math.min(upToLsn, s.checkpointLsn());
            if (last < s.walTail()) {
                return;
            }
            long lastEpoch = core.wal.epochOf(last);
            // The tail first: segments may be missing below it, never above.
            core.superblock.update(now -> now.recycled(last + 1, lastEpoch));
            core.store.recycle(last + 1);
        } finally {
            core.flushLock.unlock();
        }
    }

    /**
     * Fills {@code dst}, whole blocks, straight from the extent, past the dirty map: the base lane, after a flush. A damaged
     * block is refused as {@code NOT_RECOVERABLE}, never given.
     */
    public void readExtent(long lba, ByteBuffer dst) {
        core.requireBlocks(lba, dst.remaining());
        core.requireUsable();
        int start = dst.position();
        if (!core.store.readExtent(lba, dst).isEmpty()) {
            // A flush may be writing them, or have failed to: another writes whatever the WAL holds.
            core.flushLock.lock();
            try {
                core.requireUsable();
                core.checkpoint();
                core.readFlushed(lba, dst.position(start));
            } finally {
                core.flushLock.unlock();
            }
        }
        core.requireUsable();
    }

    /** Flushes, then digests the volume as of that checkpoint; writes go on meanwhile. */
    public Digest digest() {
        return digest(bytes -> {});
    }

    /**
     * As {@link #digest()}, which takes some seconds a GiB.
     *
     * @param done told the bytes digested so far, now and then
     */
    public Digest digest(LongConsumer done) {
        core.flushLock.lock();
        try {
            core.requireUsable();
            long lsn = core.checkpoint();
            // The extent stands still: only a flush changes it.
            return new Digest(ExtentDigest.sha256(core, done), lsn);
        } finally {
            core.flushLock.unlock();
        }
    }

    /**
     * Starts to read and verify all there is, extent and WAL; a volume with a fault too.
     *
     * @throws VolumeException {@code REBUILDING}
     */
    public Scrub scrub() {
        return new Scrub(core);
    }

    /** Rebuild sessions. */
    public RebuildControl rebuild() {
        return control;
    }

    /** Makes everything durable and closes. Not flushed: the WAL is replayed at the next open. A live session is left to [R9]. */
    @Override
    public void close() {
        core.flushLock.lock();
        core.gate.lock();
        try {
            if (core.closed()) {
                return;
            }
            try {
                core.close();
            } finally {
                directoryLock.close();
            }
        } finally {
            core.gate.unlock();
            core.flushLock.unlock();
        }
    }

    /** Whether nothing was ever written to it, nor any session begun. */
    public boolean pristine() {
        VolumeStatus status = status();
        return status.recoverable() && status.appliedLsn() == 0 && status.checkpointLsn() == 0;
    }

    /**
     * Closes the volume and gives its directory up: another volume can be created there. Durable.
     *
     * @throws VolumeException {@code BAD_REQUEST} unless {@link #pristine}
     */
    public void discard() {
        core.flushLock.lock();
        core.gate.lock();
        try {
            core.requireOpen();
            if (!pristine()) {
                throw core.refused(Kind.BAD_REQUEST, "holds data: it is not given up");
            }
            core.discard();
            close();
        } finally {
            core.gate.unlock();
            core.flushLock.unlock();
        }
    }

    private interface Append {
        long in(SuperblockState state);
    }

    /** Runs an append with the role checked under the append lock, so that none is left over when a role change returns. */
    private long append(VolumeRole role, Kind otherwise, Append append) {
        if (role == VolumeRole.REPLICA) {
            flushTrigger.beforeApply();
        } else {
            flushTrigger.beforeWrite();
        }
        core.wal.appendLock().lock();
        try {
            SuperblockState s = core.requireUsable();
            if (s.role() != role) {
                throw core.refused(
                        otherwise,
                        "is " + s.role() + " here in epoch " + s.epoch() + ": only a " + role + " does this");
            }
            return append.in(s);
        } finally {
            core.wal.appendLock().unlock();
        }
    }
}
