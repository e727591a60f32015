package io.keepup.volume;

import io.keepup.volume.VolumeException.Kind;
import io.keepup.volume.disk.DirectoryLock;
import io.keepup.volume.disk.Disk;
import io.keepup.volume.extent.Extent;
import io.keepup.volume.superblock.Superblock;
import io.keepup.volume.superblock.SuperblockState;
import io.keepup.volume.wal.Wal;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;

/**
 * What is where in a volume's directory.
 *
 * <pre>
 *   lock            held while the volume is open
 *   superblock      two slots; its appearance is what makes the directory a volume
 *   superblock.new  stands while the volume is being created
 *   extent          the blocks
 *   checksums       their checksums
 *   wal/            segments of the local WAL, and spare ones
 *   probe           written now and then to see whether the disk takes changes
 * </pre>
 */
record VolumeDirectory(Path path) {
    private static final String UNFINISHED = "superblock.new";
    private static final String WAL = "wal";
    /** What mkfs leaves in the root of an ext file system: a volume may have one to itself. */
    private static final String LOST_AND_FOUND = "lost+found";

    private static final String PROBE = "probe";

    Path superblock() {
        return path.resolve(Superblock.FILE);
    }

    Path wal() {
        return path.resolve(WAL);
    }

    Path probe() {
        return path.resolve(PROBE);
    }

    /** @throws VolumeException {@code NOT_A_VOLUME} when there is no superblock */
    void requireVolume(Disk disk) {
        if (!disk.exists(superblock())) {
            throw new VolumeException(
                    Kind.NOT_A_VOLUME, "There is no volume in " + path + ": create it, or check the path.");
        }
    }

    /** @throws VolumeException {@code ALREADY_EXISTS} unless empty, or left by a creation that a crash cut short */
    void requireEmpty(Disk disk) {
        if (!disk.exists(path)) {
            return;
        }
        if (!disk.isDirectory(path)) {
            throw new VolumeException(
                    Kind.ALREADY_EXISTS, path + " is a file: choose a directory that is empty or absent.");
        }
        List<String> names = disk.list(path).stream()
                .map(p -> p.getFileName().toString())
                .filter(name -> !name.equals(LOST_AND_FOUND))
                .toList();
        boolean unfinished = names.contains(UNFINISHED)
                && Set.of(UNFINISHED, DirectoryLock.FILE, Extent.FILE, Extent.CHECKSUMS, WAL, PROBE)
                        .containsAll(names);
        if (!unfinished && !Set.of(DirectoryLock.FILE).containsAll(names)) {
            throw new VolumeException(
                    Kind.ALREADY_EXISTS,
                    "Directory " + path + " is not empty: open the volume in it, or choose another directory.");
        }
    }

    /** Makes the directory one in which a volume was begun and never finished: another one can be created there. */
    void discard(Disk disk) {
        disk.rename(superblock(), path.resolve(UNFINISHED));
        disk.syncDirectory(path);
    }

    /** Writes an empty volume. A crash leaves it unfinished, and creating it again starts over. */
    void create(Disk disk, VolumeSpec spec) {
        Path unfinished = path.resolve(UNFINISHED);
        disk.open(unfinished, true).close();
        disk.syncDirectory(path);
        disk.createDirectories(wal());
        try (Wal wal = new Wal(disk, wal(), spec, VolumeTuning.DEFAULT.segmentBytes(), 0, fault -> {})) {
            wal.reset(1, 0, () -> {});
        }
        Extent.create(disk, path, spec);
        Superblock.create(disk, unfinished, SuperblockState.fresh(spec));
        disk.syncDirectory(path);
        disk.rename(unfinished, superblock());
        disk.syncDirectory(path);
        Path parent = path.toAbsolutePath().getParent();
        if (parent != null) {
            disk.syncDirectory(parent);
        }
    }
}
