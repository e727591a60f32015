package io.keepup.volume;

import io.keepup.volume.VolumeException.Kind;
import io.keepup.volume.wal.Wal;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * Reads and verifies a volume a step at a time: every block of the extent, then every entry of the WAL. The caller sets the pace;
 * the volume is in full use meanwhile. Damage becomes the volume's {@link VolumeFault}, durably. Not thread-safe.
 */
public final class Scrub {
    /** A multiple of every block size. */
    private static final int STEP_BYTES = 1 << 20;

    private final VolumeCore core;
    private final ByteBuffer buffer;
    private final List<Long> firstCorrupt = new ArrayList<>();
    private long corrupt;
    private long nextLba;
    private long nextLsn;
    /** What is durable when the WAL's turn comes; what is written later is the next scrub's. */
    private long lastLsn;

    private boolean walCorrupt;

    Scrub(VolumeCore core) {
        this.core = core;
        this.buffer = ByteBuffer.allocate((int) Math.min(STEP_BYTES, core.spec.sizeBytes()));
        requireProven();
    }

    /**
     * Reads the next MiB or so.
     *
     * @return false when there was nothing left to read
     * @throws VolumeException {@code CLOSED}, {@code REBUILDING}, {@code IO_ERROR}
     */
    public boolean step() {
        requireProven();
        if (nextLba < core.spec.blocks()) {
            stepExtent();
            lastLsn = core.wal.durableLsn();
            return true;
        }
        return stepWal();
    }

    /** What was seen so far. */
    public ScrubReport report() {
        return new ScrubReport(nextLba, core.spec.blocks(), corrupt, List.copyOf(firstCorrupt), walCorrupt);
    }

    private void stepExtent() {
        int blockSize = core.spec.blockSize();
        int count = (int) Math.min(buffer.capacity() / blockSize, core.spec.blocks() - nextLba);
        if (!read(count).isEmpty()) {
            // A flush may have been writing them: look again while none does.
            core.flushLock.lock();
            try {
                requireProven();
                read(count).stream().filter(lba -> !core.store.dirty(lba)).forEach(this::found);
            } finally {
                core.flushLock.unlock();
            }
        }
        nextLba += count;
    }

    private List<Long> read(int count) {
        return core.store.readExtent(nextLba, buffer.clear().limit(count * core.spec.blockSize()));
    }

    private void found(long lba) {
        core.store.damaged(lba);
        corrupt++;
        if (firstCorrupt.size() < ScrubReport.LISTED) {
            firstCorrupt.add(lba);
        }
    }

    private boolean stepWal() {
        Wal wal = core.wal;
        if (walCorrupt || core.fault() == VolumeFault.LOCAL_WAL_CORRUPT) {
            walCorrupt = true;
            return false;
        }
        return core.store.whileReading(() -> {
            nextLsn = Math.max(nextLsn, core.superblock.current().walTail());
            try {
                nextLsn += nextLsn > lastLsn
                        ? 0
                        : wal.readEntries(nextLsn, STEP_BYTES).size();
                return nextLsn <= lastLsn;
            } catch (VolumeException e) {
                if (e.kind() != Kind.NOT_RECOVERABLE) {
                    throw e;
                }
                walCorrupt = true;
                return false;
            }
        });
    }

    private void requireProven() {
        core.requireOpen();
        if (core.superblock.current().rebuilding()) {
            throw core.refused(Kind.REBUILDING, "is being rebuilt, there is nothing to verify yet: wait for its end");
        }
    }
}
