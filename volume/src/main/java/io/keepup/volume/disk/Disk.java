package io.keepup.volume.disk;

import java.nio.file.Path;
import java.util.List;

/**
 * The file system under a volume, or several. Thread-safe. The seam where a test puts a disk that fails or loses power.
 *
 * <p>Every method throws {@code VolumeException} of kind {@code DISK_FULL}, {@code NOT_WRITABLE}, {@code READ_ONLY} or {@code IO_ERROR}.
 */
public interface Disk {
    /** A lock that is held; closing gives it up. */
    interface Lock extends AutoCloseable {
        @Override
        void close();
    }

    /**
     * Keeps the directory to one opener, in whatever process, until the lock is closed.
     *
     * @throws io.keepup.volume.VolumeException also {@code LOCKED} when somebody has it
     */
    Lock lock(Path directory);

    /** Opens for reading and writing. With {@code create} the file is made when absent; without, its absence is an {@code IO_ERROR}. */
    DiskFile open(Path path, boolean create);

    /** Whether the path exists. */
    boolean exists(Path path);

    /** Whether the path is a directory. */
    boolean isDirectory(Path path);

    /** The directory's entries in order of their names. */
    List<Path> list(Path directory);

    /** Makes the directory and its parents; no-op when it exists. */
    void createDirectories(Path directory);

    /** Deletes a file; no-op when absent. Durable after {@link #syncDirectory}. */
    void delete(Path path);

    /** Renames in one step, replacing {@code to}. Durable after {@link #syncDirectory}. */
    void rename(Path from, Path to);

    /** Makes creations, deletions and renames in the directory durable. */
    void syncDirectory(Path directory);

    /** What the directory fails together with: equal for directories on one file system. */
    default Object fileSystem(Path directory) {
        return this;
    }
}
