package io.keepup.volume;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/** Small volumes, recognizable data, and copies of a directory as a crash would leave it. */
final class Fixtures {
    static final int BLOCK = 512;
    static final int BLOCKS = 64;
    static final VolumeSpec SPEC = new VolumeSpec("vol-a", (long) BLOCKS * BLOCK, BLOCK);

    private Fixtures() {}

    static Volume primary(Path dir) {
        Volume volume = Volume.create(dir, SPEC);
        volume.assume(1, VolumeRole.PRIMARY);
        return volume;
    }

    static Volume replica(Path dir) {
        Volume volume = Volume.create(dir, SPEC);
        volume.assume(1, VolumeRole.REPLICA);
        return volume;
    }

    /** Blocks of data that tell seed and position apart; never zero. */
    static ByteBuffer data(long seed, int blocks) {
        return data(seed, blocks, BLOCK);
    }

    static ByteBuffer data(long seed, int blocks, int blockSize) {
        SplittableRandom random = new SplittableRandom(seed * 31 + 7);
        byte[] bytes = new byte[blocks * blockSize];
        random.nextBytes(bytes);
        for (int i = 0; i < blocks; i++) {
            bytes[i * blockSize] = 1;
        }
        return ByteBuffer.wrap(bytes);
    }

    static byte[] contents(Volume volume) {
        return read(volume, 0, (int) volume.status().spec().blocks());
    }

    static byte[] read(Volume volume, long lba, int blocks) {
        byte[] bytes = new byte[blocks * volume.status().spec().blockSize()];
        volume.read(lba, ByteBuffer.wrap(bytes));
        return bytes;
    }

    static WalEntry write(long epoch, long lsn, long lba, long seed, int blocks) {
        return WalEntry.write(epoch, lsn, lba, blocks, data(seed, blocks));
    }

    /** All durable entries from {@code fromLsn}. */
    static List<WalEntry> wal(Volume volume, long fromLsn) {
        List<WalEntry> all = new ArrayList<>();
        while (true) {
            List<WalEntry> more = volume.readWal(fromLsn + all.size(), 1 << 20);
            if (more.isEmpty()) {
                return all;
            }
            all.addAll(more);
        }
    }

    /** The volume's base as a primary sends it: chunks of {@code perChunk} blocks, zero runs without payload. */
    static List<BaseBlocks> base(Volume primary, RebuildBounds bounds, int perChunk) {
        primary.flush();
        List<BaseBlocks> chunks = new ArrayList<>();
        for (int lba = 0; lba < BLOCKS; lba += perChunk) {
            int count = Math.min(perChunk, BLOCKS - lba);
            ByteBuffer payload = ByteBuffer.allocate(count * BLOCK);
            primary.readExtent(lba, payload);
            payload.flip();
            boolean zeros = payload.equals(ByteBuffer.allocate(count * BLOCK));
            boolean last = lba + count == BLOCKS;
            chunks.add(BaseBlocks.of(
                    bounds.sessionId(), bounds.epoch(), chunks.size(), lba, count, last, zeros ? null : payload));
        }
        return chunks;
    }

    static void endBase(RebuildSession session, List<BaseBlocks> chunks, long headLsn) {
        RebuildBounds b = session.bounds();
        session.markBaseComplete(b.sessionId(), b.epoch(), chunks.size(), digest(chunks), headLsn);
    }

    static int digest(List<BaseBlocks> chunks) {
        BaseDigest digest = new BaseDigest();
        chunks.forEach(c -> digest.add(c.crc32c()));
        return digest.value();
    }

    static void applyWal(RebuildSession session, List<WalEntry> entries) {
        session.applyWal(session.bounds().sessionId(), session.bounds().epoch(), entries);
    }

    /** What a crash of the process leaves: the files as they are now. */
    static Path crashed(Path dir, Path copy) {
        try {
            Files.walkFileTree(dir, new SimpleFileVisitor<>() {
                @Override
                public FileVisitResult preVisitDirectory(Path d, BasicFileAttributes a) throws IOException {
                    Files.createDirectories(copy.resolve(dir.relativize(d).toString()));
                    return FileVisitResult.CONTINUE;
                }

                @Override
                public FileVisitResult visitFile(Path f, BasicFileAttributes a) throws IOException {
                    Files.copy(f, copy.resolve(dir.relativize(f).toString()));
                    return FileVisitResult.CONTINUE;
                }
            });
            return copy;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The only WAL segment. */
    static Path segment(Path dir) {
        try (var files = Files.list(dir.resolve("wal"))) {
            List<Path> all = files.toList();
            if (all.size() != 1) {
                throw new IllegalStateException("segments: " + all);
            }
            return all.getFirst();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static void flipByte(Path file, long at) {
        try {
            byte[] bytes = Files.readAllBytes(file);
            bytes[Math.toIntExact(at)] ^= 0x10;
            Files.write(file, bytes);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static VolumeException.Kind kindOf(Runnable action) {
        try {
            action.run();
        } catch (VolumeException e) {
            if (e.getMessage().contains("\n")) {
                throw new AssertionError("more than one line: " + e.getMessage(), e);
            }
            return e.kind();
        }
        throw new AssertionError("was not refused");
    }
}
