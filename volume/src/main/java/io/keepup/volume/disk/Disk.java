package io.keepup.volume.disk;

import java.nio.file.Path;
import java.util.List;

/**
 * The file system under a volume; one instance per open volume. The seam where a test puts a disk that fails or loses power.
 *
 * <p>Every method throws {@code VolumeException} of kind {@code DISK_FULL}, {@code NOT_WRITABLE} or {@code IO_ERROR}.
 */
public interface Disk {
    /** Opens for reading and writing. With {@code create} the file is made when absent; without, its absence is an {@code IO_ERROR}. */
    DiskFile open(Path path, boolean create);

    /** Whether the path exists. */
    boolean exists(Path path);

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
}
