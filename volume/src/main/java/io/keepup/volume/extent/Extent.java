package io.keepup.volume.extent;

import io.keepup.volume.VolumeException;
import io.keepup.volume.VolumeException.Kind;
import io.keepup.volume.VolumeSpec;
import io.keepup.volume.disk.Disk;
import io.keepup.volume.disk.DiskFile;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The extent: a sparse file of the volume's size, block {@code lba} at byte {@code lba × block size}, no header, and beside it the
 * {@link ChecksumFile}. A hole reads as zeros, which is what a block never written is. Every read is verified.
 *
 * <p>Trimmed blocks are written as zeros and keep their space: the JDK cannot punch holes, and a file can only be cut at its end. A
 * rebuild starts on an empty file, so it frees them.
 */
public final class Extent implements AutoCloseable {
    /** Name of the extent's file. */
    public static final String FILE = "extent";
    /** Name of its checksums' file. */
    public static final String CHECKSUMS = ChecksumFile.FILE;

    private final DiskFile file;
    private final ChecksumFile checksums;
    private final BlockChecksums computed;
    private final VolumeSpec spec;

    private Extent(DiskFile file, ChecksumFile checksums, VolumeSpec spec) {
        this.file = file;
        this.checksums = checksums;
        this.computed = new BlockChecksums(spec.blockSize());
        this.spec = spec;
    }

    /** Makes an extent of zeros in the volume's directory, durable but for its directory entries. */
    public static void create(Disk disk, Path directory, VolumeSpec spec) {
        try (DiskFile file = disk.open(directory.resolve(FILE), true);
                DiskFile sums = disk.open(directory.resolve(CHECKSUMS), true)) {
            new Extent(file, new ChecksumFile(sums, spec), spec).reset();
        }
    }

    /** @throws VolumeException {@code IO_ERROR} when absent or of another size than the volume */
    public static Extent open(Disk disk, Path directory, VolumeSpec spec, boolean rebuilding) {
        Path path = directory.resolve(FILE);
        DiskFile file = disk.open(path, false);
        try {
            long size = file.size();
            // A rebuild empties the extent first; a crash may have left it short.
            if (size != spec.sizeBytes() && !rebuilding) {
                throw new VolumeException(
                        Kind.IO_ERROR,
                        "Extent " + path + " has " + size + " bytes, volume " + spec.volumeId() + " has "
                                + spec.sizeBytes()
                                + ": restore it, or remove the directory so that the volume is rebuilt.");
            }
            Path sums = directory.resolve(CHECKSUMS);
            return new Extent(file, ChecksumFile.open(disk, sums, spec, rebuilding), spec);
        } catch (RuntimeException e) {
            file.close();
            throw e;
        }
    }

    /**
     * Fills {@code dst} with the blocks from {@code lba}.
     *
     * @return those that are not what was written; almost always none
     */
    public List<Long> read(long lba, ByteBuffer dst) {
        int start = dst.position();
        file.read(dst, lba * spec.blockSize());
        return verified(lba, dst, start);
    }

    /** As {@link #read}, of a pass over the whole volume. */
    public List<Long> readAround(long lba, ByteBuffer dst) {
        int start = dst.position();
        file.readAround(dst, lba * spec.blockSize());
        return verified(lba, dst, start);
    }

    private List<Long> verified(long lba, ByteBuffer dst, int start) {
        int count = (dst.limit() - start) / spec.blockSize();
        if (dst.hasRemaining()) {
            throw new VolumeException(
                    Kind.IO_ERROR,
                    "The extent of volume " + spec.volumeId() + " ends before block " + lba
                            + ": open the volume again.");
        }
        int[] expected = checksums.read(lba, count);
        List<Long> damaged = List.of();
        for (int i = 0; i < count; i++) {
            if (computed.at(dst, start + i * spec.blockSize()) != expected[i]) {
                damaged = damaged.isEmpty() ? new ArrayList<>() : damaged;
                damaged.add(lba + i);
            }
        }
        return damaged;
    }

    /** Writes blocks of a base from {@code lba}, not yet durable: a whole volume passes here, and nobody reads it soon. */
    public void writeBase(long lba, ByteBuffer src) {
        int[] known = computed.of(src);
        file.writeAround(src, lba * spec.blockSize());
        checksums.write(lba, known, known.length);
    }

    /** Writes whole blocks whose checksums are known; if they are wrong, so will every read be. Not yet durable. */
    void write(long lba, ByteBuffer src, int[] known) {
        int count = src.remaining() / spec.blockSize();
        file.write(src, lba * spec.blockSize());
        checksums.write(lba, known, count);
    }

    /** Makes all writes so far durable. */
    public void force() {
        file.force();
        checksums.force();
    }

    /** Drops all content, however much there is, without writing it: everything reads as zeros again. Durable. */
    public void reset() {
        file.setSize(0);
        file.setSize(spec.sizeBytes());
        file.force();
        checksums.reset();
    }

    @Override
    public void close() {
        try {
            file.close();
        } finally {
            checksums.close();
        }
    }
}
