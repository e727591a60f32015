package io.keepup.volume.superblock;

import io.keepup.volume.VolumeException;
import io.keepup.volume.VolumeException.Kind;
import io.keepup.volume.disk.Disk;
import io.keepup.volume.disk.DiskFile;
import io.keepup.volume.superblock.SuperblockFormat.Slot;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;

/**
 * The superblock's file: two slots of {@link SuperblockFormat}, one after the other, both of the newest state.
 *
 * <p>An update writes slot 0, fsyncs, writes slot 1, fsyncs. A crash in between leaves one whole slot, old or new, and since
 * both hold the same state at rest, a slot that rots later never takes the volume back to an older state (one before a rebuild
 * marker, say, whose data is gone). Thread-safe.
 */
public final class Superblock implements AutoCloseable {
    /** Name of the superblock's file. */
    public static final String FILE = "superblock";

    private static final int SLOTS = 2;

    private final DiskFile file;
    private final Consumer<VolumeException> failed;
    private volatile SuperblockState current;

    private Superblock(DiskFile file, SuperblockState current, Consumer<VolumeException> failed) {
        this.file = file;
        this.current = current;
        this.failed = failed;
    }

    /** Writes a new superblock at {@code path}, both slots, fsynced; the directory is the caller's to fsync. */
    public static void create(Disk disk, Path path, SuperblockState state) {
        try (DiskFile file = disk.open(path, true)) {
            new Superblock(file, state, e -> {}).update(s -> s);
        }
    }

    /**
     * Reads the newest state; a damaged slot or one left behind by a crash is written again from the good one.
     *
     * @param failed told of an update that failed half way: which state the file holds is open then, so nothing may change any
     *     more until it is read again
     * @throws VolumeException {@code SUPERBLOCK_CORRUPT} when both are damaged, {@code FORMAT_VERSION} when another version
     *     wrote it; the file is not touched then
     */
    public static Superblock open(Disk disk, Path path, Consumer<VolumeException> failed) {
        DiskFile file = disk.open(path, false);
        try {
            Slot[] slots = {read(file, 0), read(file, 1)};
            for (Slot slot : slots) {
                if (slot instanceof Slot.Foreign foreign) {
                    throw new VolumeException(
                            Kind.FORMAT_VERSION,
                            path + " has format version " + foreign.version() + ", this program knows "
                                    + SuperblockFormat.VERSION
                                    + ": use the program that wrote it, or remove the directory so"
                                    + " that the volume is rebuilt from another copy.");
                }
            }
            SuperblockState newest = newest(slots);
            if (newest == null) {
                throw new VolumeException(
                        Kind.SUPERBLOCK_CORRUPT,
                        "Both superblock slots in " + path
                                + " are damaged, nothing was touched: restore the file, or remove"
                                + " the directory so that the volume is rebuilt from its primary.");
            }
            Superblock superblock = new Superblock(file, newest, failed);
            superblock.repair(slots);
            return superblock;
        } catch (VolumeException e) {
            file.close();
            throw e;
        }
    }

    /** The state that is on disk. */
    public SuperblockState current() {
        return current;
    }

    /** Makes the changed state durable, then current; returns it. */
    public synchronized SuperblockState update(UnaryOperator<SuperblockState> change) {
        SuperblockState next = change.apply(current).next();
        try {
            for (int slot = 0; slot < SLOTS; slot++) {
                write(slot, next);
            }
        } catch (VolumeException e) {
            failed.accept(e);
            throw e;
        }
        current = next;
        return next;
    }

    @Override
    public void close() {
        file.close();
    }

    private void repair(Slot[] slots) {
        for (int i = 0; i < SLOTS; i++) {
            if (!(slots[i] instanceof Slot.Intact intact) || intact.state().generation() != current.generation()) {
                write(i, current);
            }
        }
    }

    private void write(int slot, SuperblockState state) {
        file.write(SuperblockFormat.encode(state), (long) slot * SuperblockFormat.SLOT_BYTES);
        file.force();
    }

    private static Slot read(DiskFile file, int slot) {
        ByteBuffer bytes = ByteBuffer.allocate(SuperblockFormat.SLOT_BYTES);
        file.read(bytes, (long) slot * SuperblockFormat.SLOT_BYTES);
        return SuperblockFormat.decode(bytes.flip());
    }

    private static SuperblockState newest(Slot[] slots) {
        SuperblockState newest = null;
        for (Slot slot : slots) {
            if (slot instanceof Slot.Intact intact
                    && (newest == null || intact.state().generation() > newest.generation())) {
                newest = intact.state();
            }
        }
        return newest;
    }
}
