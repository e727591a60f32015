package io.keepup.volume;

import static io.keepup.volume.Fixtures.BLOCK;
import static io.keepup.volume.Fixtures.BLOCKS;
import static io.keepup.volume.Fixtures.SPEC;
import static io.keepup.volume.Fixtures.contents;
import static io.keepup.volume.Fixtures.data;
import static io.keepup.volume.Fixtures.kindOf;
import static io.keepup.volume.Fixtures.primary;
import static io.keepup.volume.Fixtures.read;
import static org.assertj.core.api.Assertions.assertThat;

import io.keepup.volume.VolumeException.Kind;
import io.keepup.volume.disk.FileSystemDisk;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class VolumeDataTest {
    @TempDir
    Path dir;

    @Test
    void a_new_volume_reads_as_zeros_and_its_digest_covers_them() throws Exception {
        try (Volume volume = primary(dir)) {
            assertThat(contents(volume)).containsOnly(0);
            assertThat(volume.digest()).isEqualTo(new Digest(sha256(new byte[BLOCKS * BLOCK]), 0));
        }
    }

    @Test
    void reads_see_own_writes_before_between_and_after_flushes() {
        Model model = new Model(SPEC);
        try (Volume volume = primary(dir)) {
            for (int i = 0; i < 12; i++) {
                model.write(i * 4, data(i, 6));
                volume.write(i * 4, data(i, 6));
                assertThat(contents(volume)).isEqualTo(model.at(i + 1));
                if (i % 3 == 0) {
                    volume.flush();
                    assertThat(contents(volume)).isEqualTo(model.at(i + 1));
                }
            }
        }
    }

    @Test
    void a_read_through_wal_extent_and_trims_gives_each_block_its_newest() {
        Model model = new Model(SPEC);
        try (Volume volume = primary(dir)) {
            model.write(0, data(1, BLOCKS));
            volume.write(0, data(1, BLOCKS));
            volume.flush();
            for (int i = 0; i < 20; i++) {
                model.write(i * 3, data(100 + i, 1));
                volume.write(i * 3, data(100 + i, 1));
            }
            model.trim(7, 9);
            volume.trim(7, 9);
            assertThat(contents(volume)).isEqualTo(model.at(model.head()));
            for (int lba = 0; lba < BLOCKS; lba += 5) {
                int count = Math.min(7, BLOCKS - lba);
                byte[] part = java.util.Arrays.copyOfRange(model.at(model.head()), lba * BLOCK, (lba + count) * BLOCK);
                assertThat(read(volume, lba, count)).isEqualTo(part);
            }
            ByteBuffer direct = ByteBuffer.allocateDirect(BLOCKS * BLOCK);
            volume.read(0, direct);
            assertThat(direct.flip()).isEqualTo(ByteBuffer.wrap(model.at(model.head())));
        }
    }

    @Test
    void trimmed_blocks_read_as_zeros_before_and_after_a_flush_and_a_reopen() {
        try (Volume volume = primary(dir)) {
            volume.write(0, data(1, BLOCKS));
            volume.flush();
            volume.trim(10, 30);
            assertThat(read(volume, 10, 30)).containsOnly(0);
            assertThat(read(volume, 9, 1)[0]).isEqualTo((byte) 1);
            volume.flush();
            assertThat(read(volume, 10, 30)).containsOnly(0);
        }
        try (Volume volume = Volume.open(dir)) {
            assertThat(read(volume, 10, 30)).containsOnly(0);
            assertThat(read(volume, 40, 1)[0]).isEqualTo((byte) 1);
        }
    }

    @Test
    void the_digest_is_equal_across_reopen_and_equals_sha256_of_all_blocks() throws Exception {
        Digest before;
        byte[] bytes;
        try (Volume volume = primary(dir)) {
            volume.write(3, data(5, 9));
            volume.trim(5, 2);
            bytes = contents(volume);
            before = volume.digest();
            assertThat(before).isEqualTo(new Digest(sha256(bytes), 2));
            volume.write(60, data(6, 1));
        }
        try (Volume volume = Volume.open(dir)) {
            assertThat(volume.digest().sha256()).isNotEqualTo(before.sha256());
            volume.trim(60, 1);
            assertThat(volume.digest()).isEqualTo(new Digest(before.sha256(), 4));
        }
        try (Volume volume = Volume.open(dir)) {
            assertThat(volume.digest().sha256()).isEqualTo(before.sha256());
        }
    }

    @Test
    void a_write_larger_than_an_entry_is_split_and_read_back_whole() {
        VolumeSpec spec = new VolumeSpec("big", 8 << 20, 4096);
        try (Volume volume = Volume.create(dir, spec)) {
            volume.assume(1, VolumeRole.PRIMARY);
            ByteBuffer data = data(1, 700, 4096);

            assertThat(volume.write(11, data)).isEqualTo(3);

            assertThat(data.position()).isZero();
            assertThat(read(volume, 11, 700)).isEqualTo(data.array());
            volume.flush();
            assertThat(read(volume, 11, 700)).isEqualTo(data.array());
        }
    }

    @Test
    void dirty_bytes_over_the_limit_are_flushed_without_being_asked() {
        primary(dir).close();
        try (Volume volume = Volume.open(dir, new FileSystemDisk(), new VolumeTuning(4 * BLOCK, 4096))) {
            for (int i = 0; i < 40; i++) {
                volume.write(i, data(i, 1));
            }
            // Twice the limit makes the writer wait, so by now at least what was above it is in the extent.
            assertThat(volume.status().checkpointLsn()).isGreaterThanOrEqualTo(30);
        }
    }

    @Test
    void random_operations_with_flushes_recycling_and_reopens_follow_the_model() {
        long seed = System.nanoTime();
        System.out.println("model, seed " + seed);
        SplittableRandom random = new SplittableRandom(seed);
        VolumeTuning tuning = new VolumeTuning(20 * BLOCK, 16 << 10);
        Model model = new Model(SPEC);
        primary(dir).close();
        Volume volume = Volume.open(dir, new FileSystemDisk(), tuning);
        for (int i = 0; i < 1500; i++) {
            int lba = random.nextInt(BLOCKS);
            int blocks = random.nextInt(1, Math.min(12, BLOCKS - lba) + 1);
            switch (random.nextInt(20)) {
                case 0 -> volume.flush();
                case 1 -> volume.recycleWal(random.nextLong(model.head() + 2));
                case 2 -> {
                    volume.close();
                    volume = Volume.open(dir, new FileSystemDisk(), tuning);
                    assertThat(volume.status().appliedLsn()).as("seed %d", seed).isEqualTo(model.head());
                }
                case 3, 4, 5 -> {
                    model.trim(lba, blocks);
                    assertThat(volume.trim(lba, blocks)).isEqualTo(model.head());
                }
                case 6, 7, 8 -> {
                    byte[] all = model.at(model.head());
                    assertThat(read(volume, lba, blocks))
                            .as("seed %d, step %d", seed, i)
                            .isEqualTo(java.util.Arrays.copyOfRange(all, lba * BLOCK, (lba + blocks) * BLOCK));
                }
                default -> {
                    model.write(lba, data(i, blocks));
                    assertThat(volume.write(lba, data(i, blocks))).isEqualTo(model.head());
                }
            }
        }
        assertThat(contents(volume)).as("seed %d", seed).isEqualTo(model.at(model.head()));
        long tail = volume.status().walTail();
        volume.sync();
        assertThat(Fixtures.wal(volume, tail)).isEqualTo(model.entries(tail, model.head()));
        volume.close();
    }

    @Test
    void roles_and_epochs_are_durable_and_fenced() {
        try (Volume volume = Volume.create(dir, SPEC)) {
            assertThat(kindOf(() -> volume.write(0, data(1, 1)))).isEqualTo(Kind.NOT_PRIMARY);
            volume.assume(3, VolumeRole.PRIMARY);
            volume.assume(3, VolumeRole.PRIMARY);
            assertThat(kindOf(() -> volume.assume(2, VolumeRole.PRIMARY))).isEqualTo(Kind.STALE_EPOCH);
            assertThat(kindOf(() -> volume.assume(3, VolumeRole.REPLICA))).isEqualTo(Kind.CONFLICTING_ROLE);
            assertThat(kindOf(() -> volume.apply(java.util.List.of(Fixtures.write(3, 1, 0, 1, 1)))))
                    .isEqualTo(Kind.NOT_REPLICA);
            volume.write(0, data(1, 1));
            volume.assume(4, VolumeRole.REPLICA);
            assertThat(kindOf(() -> volume.write(0, data(1, 1)))).isEqualTo(Kind.NOT_PRIMARY);
        }
        try (Volume volume = Volume.open(dir)) {
            assertThat(volume.status().epoch()).isEqualTo(4);
            assertThat(volume.status().role()).isEqualTo(VolumeRole.REPLICA);
            assertThat(volume.status().appliedEpoch()).isEqualTo(3);
        }
    }

    @Test
    void requests_outside_the_volume_or_not_of_whole_blocks_are_refused() {
        try (Volume volume = primary(dir)) {
            assertThat(kindOf(() -> volume.write(BLOCKS, data(1, 1)))).isEqualTo(Kind.BAD_REQUEST);
            assertThat(kindOf(() -> volume.write(-1, data(1, 1)))).isEqualTo(Kind.BAD_REQUEST);
            assertThat(kindOf(() -> volume.write(0, ByteBuffer.allocate(BLOCK + 1))))
                    .isEqualTo(Kind.BAD_REQUEST);
            assertThat(kindOf(() -> volume.write(0, ByteBuffer.allocate(0)))).isEqualTo(Kind.BAD_REQUEST);
            assertThat(kindOf(() -> volume.trim(BLOCKS - 1, 2))).isEqualTo(Kind.BAD_REQUEST);
            assertThat(kindOf(() -> volume.trim(Long.MAX_VALUE, 1))).isEqualTo(Kind.BAD_REQUEST);
            assertThat(kindOf(() -> volume.read(BLOCKS - 1, ByteBuffer.allocate(2 * BLOCK))))
                    .isEqualTo(Kind.BAD_REQUEST);
            assertThat(kindOf(() -> volume.awaitDurable(1))).isEqualTo(Kind.BAD_REQUEST);
        }
    }

    @Test
    void specs_that_break_a_rule_are_refused() {
        for (String id : new String[] {"", "a b", "a/b", "a.b", "-a", "a".repeat(101), null}) {
            assertThat(kindOf(() -> new VolumeSpec(id, 4096, 512))).isEqualTo(Kind.BAD_SPEC);
        }
        for (int blockSize : new int[] {0, 256, 1000, -4096, 2 << 20}) {
            assertThat(kindOf(() -> new VolumeSpec("a", 4 << 20, blockSize))).isEqualTo(Kind.BAD_SPEC);
        }
        for (long size : new long[] {0, -4096, 4097}) {
            assertThat(kindOf(() -> new VolumeSpec("a", size, 4096))).isEqualTo(Kind.BAD_SPEC);
        }
        assertThat(new VolumeSpec("a".repeat(100), 1 << 20, 1 << 20).blocks()).isEqualTo(1);
    }

    @Test
    void a_directory_that_is_open_is_refused() {
        try (Volume volume = primary(dir)) {
            assertThat(kindOf(() -> Volume.open(dir))).isEqualTo(Kind.LOCKED);
            assertThat(kindOf(() -> Volume.open(dir))).isEqualTo(Kind.LOCKED);
            volume.write(0, data(1, 1));
        }
        Volume.open(dir).close();
    }

    @Test
    void S_F8_a_volume_may_have_a_fresh_file_system_to_itself() throws IOException {
        Files.createDirectory(dir.resolve("lost+found"));
        primary(dir).close();
        Volume.open(dir).close();
        assertThat(kindOf(() -> Volume.create(dir, SPEC))).isEqualTo(Kind.ALREADY_EXISTS);
    }

    @Test
    void directories_that_do_not_fit_are_refused_and_left_alone() throws IOException {
        assertThat(kindOf(() -> Volume.open(dir))).isEqualTo(Kind.NOT_A_VOLUME);
        assertThat(kindOf(() -> Volume.open(dir.resolve("absent")))).isEqualTo(Kind.NOT_A_VOLUME);
        Files.writeString(dir.resolve("notes.txt"), "mine");
        assertThat(kindOf(() -> Volume.create(dir, SPEC))).isEqualTo(Kind.ALREADY_EXISTS);
        assertThat(kindOf(() -> Volume.create(dir.resolve("notes.txt"), SPEC))).isEqualTo(Kind.ALREADY_EXISTS);
        assertThat(kindOf(() -> Volume.create(dir.resolve("notes.txt/v"), SPEC)))
                .isEqualTo(Kind.IO_ERROR);
        try (var files = Files.list(dir)) {
            assertThat(files).containsExactly(dir.resolve("notes.txt"));
        }
        primary(dir.resolve("v")).close();
        assertThat(kindOf(() -> Volume.create(dir.resolve("v"), SPEC))).isEqualTo(Kind.ALREADY_EXISTS);
    }

    @Test
    void a_closed_volume_refuses() {
        Volume volume = primary(dir);
        volume.close();
        volume.close();

        assertThat(kindOf(() -> volume.write(0, data(1, 1)))).isEqualTo(Kind.CLOSED);
        assertThat(kindOf(() -> contents(volume))).isEqualTo(Kind.CLOSED);
        assertThat(kindOf(volume::flush)).isEqualTo(Kind.CLOSED);
        assertThat(kindOf(() -> volume.assume(9, VolumeRole.NONE))).isEqualTo(Kind.CLOSED);
    }

    @Test
    void an_interrupted_writer_does_not_take_the_volume_from_the_others() {
        try (Volume volume = primary(dir)) {
            Thread.currentThread().interrupt();
            long lsn = volume.write(0, data(1, 2));
            volume.awaitDurable(lsn);
            assertThat(Thread.interrupted()).as("interrupt kept").isTrue();

            volume.awaitDurable(volume.write(2, data(2, 2)));
            assertThat(read(volume, 0, 2)).isEqualTo(data(1, 2).array());
            volume.flush();
            assertThat(read(volume, 2, 2)).isEqualTo(data(2, 2).array());
        }
    }

    private static String sha256(byte[] bytes) throws Exception {
        return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    }
}
