package io.keepup.volume.disk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.keepup.volume.VolumeException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Writing past the cache: the same bytes in the file, whatever the piece looks like and whatever the file system can do. */
class AroundTheCacheTest {
    private static final int KIB = 1 << 10;

    private final Random random = new Random(11);
    private final FileSystemDisk disk = new FileSystemDisk();

    @TempDir
    Path directory;

    @Test
    void pieces_of_any_size_and_place_mixed_with_writes_through_the_cache_are_in_the_file() throws Exception {
        mixed(directory.resolve("file"));
    }

    @Test
    void a_file_system_without_it_takes_them_through_the_cache() throws Exception {
        Path memory = Path.of("/dev/shm");
        Assumptions.assumeTrue(Files.isWritable(memory), "no file system in memory here");
        Path file = Files.createTempFile(memory, "keepup-", ".test");
        try {
            mixed(file);
        } finally {
            Files.delete(file);
        }
    }

    private void mixed(Path path) throws Exception {
        byte[] expected = new byte[4096 * KIB];
        try (DiskFile file = disk.open(path, true)) {
            file.setSize(expected.length);
            for (int i = 0; i < 200; i++) {
                int unit = List.of(1, 512, 4096, 4096).get(random.nextInt(4));
                int length = (1 + random.nextInt(2048 * KIB / unit)) * unit;
                int at = random.nextInt((expected.length - length) / unit + 1) * unit;
                byte[] bytes = new byte[length + 100];
                random.nextBytes(bytes);
                ByteBuffer piece = random.nextBoolean()
                        ? ByteBuffer.wrap(bytes, 50, length)
                        : direct(bytes, length, random.nextBoolean() ? at % 4096 : random.nextInt(4096));
                System.arraycopy(bytes, 50, expected, at, length);
                if (random.nextInt(3) == 0) {
                    file.write(piece, at);
                } else {
                    file.writeAround(piece, at);
                }
                assertThat(piece.remaining()).isZero();
                ByteBuffer found = ByteBuffer.wrap(new byte[length + 100], 50, length);
                assertThat(file.readAround(found, at)).isEqualTo(length);
                assertThat(found.remaining()).isZero();
                assertThat(found.flip().position(50)).isEqualTo(ByteBuffer.wrap(bytes, 50, length));
                if (i % 20 == 0) {
                    assertThat(read(file, expected.length)).isEqualTo(expected);
                }
            }
            file.force();
            assertThat(read(file, expected.length)).isEqualTo(expected);
        }
        assertThat(Files.readAllBytes(path)).isEqualTo(expected);
    }

    @Test
    void where_the_file_system_has_it_a_large_aligned_piece_goes_past_the_cache_and_others_do_not() throws Exception {
        Path path = Files.createFile(directory.resolve("file"));
        Assumptions.assumeTrue(
                Files.getFileStore(path).type().matches("ext[234]|xfs|btrfs"), "not known whether it can");
        try (DirectFile file = new DirectFile(path)) {
            assertThat(file.write(ByteBuffer.allocate(128 * KIB), 4096)).isTrue();
            assertThat(file.write(ByteBuffer.allocate(4096), 4096)).isFalse();
            assertThat(file.write(ByteBuffer.allocate(128 * KIB), 512)).isFalse();
            assertThat(file.write(ByteBuffer.allocate(128 * KIB + 512), 4096)).isFalse();
            assertThat(file.read(ByteBuffer.allocate(128 * KIB), 4096)).isTrue();
            assertThat(file.read(ByteBuffer.allocate(4096), 4096)).isFalse();
            assertThat(file.read(ByteBuffer.allocate(128 * KIB), 512)).isFalse();
            assertThat(file.read(ByteBuffer.allocate(128 * KIB), 128 * KIB))
                    .as("beyond the end")
                    .isFalse();
        }
    }

    @Test
    void reading_past_the_end_gives_what_there_is() {
        try (DiskFile file = disk.open(directory.resolve("file"), true)) {
            file.writeAround(ByteBuffer.allocate(128 * KIB), 0);
            ByteBuffer more = ByteBuffer.allocate(256 * KIB);
            assertThat(file.readAround(more, 0)).isEqualTo(128 * KIB);
            assertThat(more.position()).isEqualTo(128 * KIB);
        }
    }

    @Test
    void an_interrupt_loses_nothing_and_is_kept() {
        byte[] bytes = new byte[1024 * KIB];
        random.nextBytes(bytes);
        try (DiskFile file = disk.open(directory.resolve("file"), true)) {
            file.writeAround(ByteBuffer.wrap(bytes), 0);
            Thread.currentThread().interrupt();
            file.writeAround(ByteBuffer.wrap(bytes), bytes.length);
            assertThat(Thread.interrupted()).isTrue();
            byte[] all = read(file, 2 * bytes.length);
            assertThat(ByteBuffer.wrap(all, 0, bytes.length)).isEqualTo(ByteBuffer.wrap(bytes));
            assertThat(ByteBuffer.wrap(all, bytes.length, bytes.length)).isEqualTo(ByteBuffer.wrap(bytes));
        }
    }

    @Test
    void a_closed_file_takes_nothing() {
        DiskFile file = disk.open(directory.resolve("file"), true);
        file.writeAround(ByteBuffer.allocate(128 * KIB), 0);
        file.close();
        assertThatThrownBy(() -> file.writeAround(ByteBuffer.allocate(128 * KIB), 0))
                .isInstanceOfSatisfying(
                        VolumeException.class, e -> assertThat(e.kind()).isEqualTo(VolumeException.Kind.CLOSED));
    }

    /** The bytes from 50 on in memory of the system's, so far from the begin of a page. */
    private static ByteBuffer direct(byte[] bytes, int length, int inPage) {
        ByteBuffer piece =
                ByteBuffer.allocateDirect(length + 3 * 4096).alignedSlice(4096).position(inPage);
        piece.put(bytes, 50, length).flip();
        return piece.position(inPage);
    }

    private static byte[] read(DiskFile file, int length) {
        byte[] bytes = new byte[length];
        assertThat(file.read(ByteBuffer.wrap(bytes), 0)).isEqualTo(length);
        return bytes;
    }
}
