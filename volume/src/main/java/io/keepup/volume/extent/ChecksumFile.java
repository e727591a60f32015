package io.keepup.volume.extent;

import io.keepup.volume.VolumeException;
import io.keepup.volume.VolumeException.Kind;
import io.keepup.volume.VolumeSpec;
import io.keepup.volume.disk.Disk;
import io.keepup.volume.disk.DiskFile;
import java.nio.ByteBuffer;
import java.nio.file.Path;

/**
 * The extent's checksums: a sparse file, 4 bytes per block, big-endian, that of block {@code lba} at byte {@code 4 × lba}, no
 * header.
 *
 * <p>Not written in one step with the data. A crash in between leaves blocks that do not match; the flush that was writing them had
 * not moved the checkpoint, so the WAL still holds every one of them, and the next flush writes them again. A rebuild's marker does
 * the same for its base. A block that does not match and that the WAL does not hold is damaged.
 */
final class ChecksumFile implements AutoCloseable {
    /** Name of the file. */
    static final String FILE = "checksums";

    private final DiskFile file;
    private final VolumeSpec spec;

    ChecksumFile(DiskFile file, VolumeSpec spec) {
        this.file = file;
        this.spec = spec;
    }

    /** @throws VolumeException {@code IO_ERROR} when absent or of another size than the volume needs */
    static ChecksumFile open(Disk disk, Path path, VolumeSpec spec, boolean rebuilding) {
        DiskFile file = disk.open(path, false);
        long size = file.size();
        long expected = spec.blocks() * Integer.BYTES;
        if (size != expected && !rebuilding) {
            file.close();
            throw new VolumeException(
                    Kind.IO_ERROR,
                    path + " has " + size + " bytes, volume " + spec.volumeId() + " needs " + expected
                            + ": restore it, or remove the directory so that the volume is rebuilt.");
        }
        return new ChecksumFile(file, spec);
    }

    int[] read(long lba, int count) {
        ByteBuffer bytes = ByteBuffer.allocate(count * Integer.BYTES);
        file.read(bytes, lba * Integer.BYTES);
        if (bytes.hasRemaining()) {
            throw new VolumeException(
                    Kind.IO_ERROR,
                    "The checksums of volume " + spec.volumeId() + " end before block " + (lba + count)
                            + ": open the volume again.");
        }
        int[] checksums = new int[count];
        bytes.flip().asIntBuffer().get(checksums);
        return checksums;
    }

    /** Writes the first {@code count} checksums from {@code lba}; not yet durable. */
    void write(long lba, int[] checksums, int count) {
        ByteBuffer bytes = ByteBuffer.allocate(count * Integer.BYTES);
        bytes.asIntBuffer().put(checksums, 0, count);
        file.write(bytes, lba * Integer.BYTES);
    }

    void force() {
        file.force();
    }

    /** Those of an extent of zeros, durable. */
    void reset() {
        file.setSize(0);
        file.setSize(spec.blocks() * Integer.BYTES);
        file.force();
    }

    @Override
    public void close() {
        file.close();
    }
}
