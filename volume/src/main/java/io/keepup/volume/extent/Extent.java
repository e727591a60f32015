package io.keepup.volume.extent;

import io.keepup.volume.VolumeException;
import io.keepup.volume.VolumeException.Kind;
import io.keepup.volume.VolumeSpec;
import io.keepup.volume.disk.Disk;
import io.keepup.volume.disk.DiskFile;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * The extent: a sparse file of the volume's size, block {@code lba} at byte {@code lba × block size}, no header. A hole reads as
 * zeros, which is what a block never written is. Every change goes through here, which is where block checksums will hook in.
 */
public final class Extent implements AutoCloseable {
    /** Name of the extent's file. */
    public static final String FILE = "extent";

    /** A multiple of every block size. */
    private static final int DIGEST_READ_BYTES = 1 << 20;

    private final DiskFile file;
    private final VolumeSpec spec;

    private Extent(DiskFile file, VolumeSpec spec) {
        this.file = file;
        this.spec = spec;
    }

    /** Makes an extent of zeros, durable but for its directory entry. */
    public static void create(Disk disk, Path path, VolumeSpec spec) {
        try (Extent extent = new Extent(disk.open(path, true), spec)) {
            extent.reset();
        }
    }

    /** @throws VolumeException {@code IO_ERROR} when absent or of another size than the volume */
    public static Extent open(Disk disk, Path path, VolumeSpec spec, boolean rebuilding) {
        DiskFile file = disk.open(path, false);
        long size = file.size();
        // A rebuild empties the extent first; a crash may have left it short.
        if (size != spec.sizeBytes() && !rebuilding) {
            file.close();
            throw new VolumeException(
                    Kind.IO_ERROR,
                    "Extent " + path + " has " + size + " bytes, volume " + spec.volumeId() + " has " + spec.sizeBytes()
                            + ": restore it, or remove the directory so that the volume is rebuilt.");
        }
        return new Extent(file, spec);
    }

    /** Fills {@code dst} with the blocks from {@code lba}. */
    public void read(long lba, ByteBuffer dst) {
        file.read(dst, lba * spec.blockSize());
        if (dst.hasRemaining()) {
            throw new VolumeException(
                    Kind.IO_ERROR,
                    "The extent of volume " + spec.volumeId() + " ends before block " + lba
                            + ": open the volume again.");
        }
    }

    /** Writes whole blocks from {@code lba}; not yet durable. */
    public void write(long lba, ByteBuffer src) {
        file.write(src, lba * spec.blockSize());
    }

    /** As {@link #write}, for blocks of a base: a whole volume passes here, and nobody reads it soon. */
    public void writeBase(long lba, ByteBuffer src) {
        file.writeAround(src, lba * spec.blockSize());
    }

    /** SHA-256 over all blocks in order, in lower-case hex. Nothing may be written meanwhile. */
    public String sha256() {
        MessageDigest digest = newSha256();
        byte[] bytes = new byte[(int) Math.min(spec.sizeBytes(), DIGEST_READ_BYTES)];
        ByteBuffer buffer = ByteBuffer.wrap(bytes);
        for (long at = 0; at < spec.sizeBytes(); at += buffer.limit()) {
            buffer.clear().limit((int) Math.min(bytes.length, spec.sizeBytes() - at));
            read(at / spec.blockSize(), buffer);
            digest.update(bytes, 0, buffer.limit());
        }
        return HexFormat.of().formatHex(digest.digest());
    }

    private static MessageDigest newSha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("Every Java platform has SHA-256", e);
        }
    }

    /** Makes all writes so far durable. */
    public void force() {
        file.force();
    }

    /** Drops all content, however much there is, without writing it: everything reads as zeros again. Durable. */
    public void reset() {
        file.setSize(0);
        file.setSize(spec.sizeBytes());
        file.force();
    }

    @Override
    public void close() {
        file.close();
    }
}
