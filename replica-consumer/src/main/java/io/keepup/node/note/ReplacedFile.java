package io.keepup.node.note;

import io.keepup.volume.disk.Disk;
import io.keepup.volume.disk.DiskFile;
import java.nio.ByteBuffer;
import java.nio.file.Path;

/** A small file that is replaced as a whole: after a crash it holds what it held before, or all of what came in its place. */
final class ReplacedFile {

    private final Disk disk;
    private final Path path;

    ReplacedFile(Disk disk, Path path) {
        this.disk = disk;
        this.path = path;
    }

    boolean exists() {
        return disk.exists(path);
    }

    /** @throws io.keepup.volume.VolumeException when the disk cannot read it */
    byte[] read() {
        try (DiskFile content = disk.open(path, false)) {
            ByteBuffer bytes = ByteBuffer.allocate(Math.toIntExact(content.size()));
            content.read(bytes, 0);
            return bytes.array();
        }
    }

    /**
     * Durable when it returns.
     *
     * @throws io.keepup.volume.VolumeException when the disk cannot write it
     */
    void replace(byte[] bytes) {
        Path fresh = path.resolveSibling(path.getFileName() + ".new");
        try (DiskFile content = disk.open(fresh, true)) {
            content.setSize(0);
            content.write(ByteBuffer.wrap(bytes), 0);
            content.force();
        }
        disk.rename(fresh, path);
        disk.syncDirectory(path.getParent());
    }

    @Override
    public String toString() {
        return path.toString();
    }
}
