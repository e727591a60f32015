package io.keepup.volume;

import static io.keepup.volume.Fixtures.BLOCK;
import static io.keepup.volume.Fixtures.contents;
import static io.keepup.volume.Fixtures.crashed;
import static io.keepup.volume.Fixtures.data;
import static io.keepup.volume.Fixtures.flipByte;
import static io.keepup.volume.Fixtures.kindOf;
import static io.keepup.volume.Fixtures.primary;
import static io.keepup.volume.Fixtures.segment;
import static org.assertj.core.api.Assertions.assertThat;

import io.keepup.volume.VolumeException.Kind;
import io.keepup.volume.disk.FileSystemDisk;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class WalRecoveryTest {
    private static final int HEADER = 49;
    private static final int SEGMENT_HEADER = 32;

    @TempDir
    Path tmp;

    /** Three durable entries of one block each; gives what a crash leaves. */
    private Path threeEntries(Model model) {
        Path dir = tmp.resolve("live");
        try (Volume volume = primary(dir)) {
            for (int i = 1; i <= 3; i++) {
                model.write(i, data(i, 1));
                volume.awaitDurable(volume.write(i, data(i, 1)));
            }
            return crashed(dir, tmp.resolve("crashed"));
        }
    }

    @Test
    void a_tail_torn_at_every_byte_of_the_last_entry_is_dropped() throws IOException {
        Model model = new Model(Fixtures.SPEC);
        Path dir = threeEntries(model);
        Path segment = segment(dir);
        int entry = HEADER + BLOCK;
        int last = SEGMENT_HEADER + 2 * entry;
        byte[] whole = entries(segment, last + entry);

        for (int cut = last; cut < whole.length; cut++) {
            Files.write(segment, whole);
            truncate(segment, cut);
            try (Volume volume = Volume.open(dir)) {
                assertThat(volume.status().recoverable()).as("cut at %d", cut).isTrue();
                assertThat(volume.status().appliedLsn()).as("cut at %d", cut).isEqualTo(2);
                assertThat(contents(volume)).isEqualTo(model.at(2));
            }
        }
    }

    @Test
    void a_last_entry_torn_into_garbage_or_zeros_is_dropped() throws IOException {
        Path dir = threeEntries(new Model(Fixtures.SPEC));
        int last = SEGMENT_HEADER + 2 * (HEADER + BLOCK);
        byte[] whole = entries(segment(dir), last + HEADER + BLOCK);
        for (byte filler : new byte[] {0, 0x4B, -1}) {
            byte[] torn = whole.clone();
            java.util.Arrays.fill(torn, last + 20, torn.length, filler);
            Files.write(segment(dir), torn);
            try (Volume volume = Volume.open(crashed(dir, tmp.resolve("filled-" + filler)))) {
                assertThat(volume.status().appliedLsn()).isEqualTo(2);
            }
        }
    }

    @Test
    void a_flipped_bit_anywhere_in_the_middle_makes_the_volume_unrecoverable_and_nothing_is_cut() throws IOException {
        Path dir = threeEntries(new Model(Fixtures.SPEC));
        byte[] whole = Files.readAllBytes(segment(dir));
        int second = SEGMENT_HEADER + HEADER + BLOCK;
        int third = second + HEADER + BLOCK;
        for (int at = second; at < third; at += at < second + HEADER ? 1 : 37) {
            Path copy = crashed(dir, tmp.resolve("flip-" + at));
            flipByte(segment(copy), at);
            try (Volume volume = Volume.open(copy)) {
                assertThat(volume.status().fault()).as("byte %d", at).isEqualTo(VolumeFault.LOCAL_WAL_CORRUPT);
                assertThat(volume.status().recoverable()).isFalse();
                assertThat(volume.status().appliedLsn()).isZero();
                assertThat(kindOf(() -> volume.write(0, data(1, 1)))).isEqualTo(Kind.NOT_RECOVERABLE);
                assertThat(kindOf(() -> volume.read(0, ByteBuffer.allocate(BLOCK))))
                        .isEqualTo(Kind.NOT_RECOVERABLE);
                assertThat(kindOf(volume::digest)).isEqualTo(Kind.NOT_RECOVERABLE);
            }
            assertThat(Files.size(segment(copy))).isEqualTo(whole.length);
        }
    }

    @Test
    void a_whole_entry_behind_a_hole_that_was_never_durable_is_a_torn_tail() throws IOException {
        // given entries 2 and 3 written without an fsync, and a power cut that kept 3 but not 2
        Path dir = tmp.resolve("live");
        try (Volume volume = primary(dir)) {
            volume.awaitDurable(volume.write(1, data(1, 1)));
            volume.write(2, data(2, 1));
            volume.write(3, data(3, 1));
            crashed(dir, tmp.resolve("crashed"));
        }
        Path crashed = tmp.resolve("crashed");
        byte[] bytes = Files.readAllBytes(segment(crashed));
        int second = SEGMENT_HEADER + HEADER + BLOCK;
        java.util.Arrays.fill(bytes, second, second + HEADER + BLOCK, (byte) 0);
        Files.write(segment(crashed), bytes);

        try (Volume volume = Volume.open(crashed)) {
            assertThat(volume.status().recoverable()).isTrue();
            assertThat(volume.status().appliedLsn()).isEqualTo(1);
            // then entry 3 must not come back to life behind a new entry 2
            volume.write(4, data(4, 1));
        }
        try (Volume volume = Volume.open(crashed)) {
            assertThat(volume.status().appliedLsn()).isEqualTo(2);
        }
    }

    @Test
    void after_a_clean_close_a_missing_tail_is_damage() throws IOException {
        Path dir = tmp.resolve("closed");
        try (Volume volume = primary(dir)) {
            volume.write(1, data(1, 1));
            volume.write(2, data(2, 1));
        }
        truncate(segment(dir), SEGMENT_HEADER + 2 * (HEADER + BLOCK) - 1);

        try (Volume volume = Volume.open(dir)) {
            assertThat(volume.status().fault()).isEqualTo(VolumeFault.LOCAL_WAL_CORRUPT);
        }
    }

    @Test
    void a_missing_segment_is_damage() throws IOException {
        Path dir = threeEntries(new Model(Fixtures.SPEC));
        Files.delete(segment(dir));

        try (Volume volume = Volume.open(dir)) {
            assertThat(volume.status().fault()).isEqualTo(VolumeFault.LOCAL_WAL_CORRUPT);
        }
    }

    @Test
    void the_segment_of_another_volume_is_damage() throws IOException {
        Path dir = threeEntries(new Model(Fixtures.SPEC));
        Path other = tmp.resolve("other");
        Volume.create(other, new VolumeSpec("vol-b", Fixtures.SPEC.sizeBytes(), BLOCK))
                .close();
        Files.copy(segment(dir), segment(other), java.nio.file.StandardCopyOption.REPLACE_EXISTING);

        try (Volume volume = Volume.open(other)) {
            assertThat(volume.status().fault()).isEqualTo(VolumeFault.LOCAL_WAL_CORRUPT);
        }
    }

    @Test
    void a_rebuild_mends_a_damaged_wal() {
        Path dir = threeEntries(new Model(Fixtures.SPEC));
        flipByte(segment(dir), SEGMENT_HEADER + 5);
        try (Volume volume = Volume.open(dir)) {
            volume.assume(2, VolumeRole.REPLICA);
            RebuildBounds bounds = new RebuildBounds(1, 2, 0, 0, 1, true);
            RebuildSession session = volume.rebuild().start(bounds);
            BaseBlocks zeros = BaseBlocks.of(1, 2, 0, 0, Fixtures.BLOCKS, true, null);
            session.applyBase(zeros);
            Fixtures.endBase(session, java.util.List.of(zeros), 0);
            Fixtures.applyWal(session, java.util.List.of(Fixtures.write(2, 1, 0, 5, 1)));

            assertThat(session.tryComplete()).isPresent();
            assertThat(volume.status().recoverable()).isTrue();
            assertThat(volume.status().fault()).isNull();
        }
    }

    @Test
    void a_torn_header_is_dropped_and_the_space_written_ahead_stays() throws IOException {
        Path dir = threeEntries(new Model(Fixtures.SPEC));
        long size = Files.size(segment(dir));
        int third = SEGMENT_HEADER + 2 * (HEADER + BLOCK);
        assertThat(size).as("written ahead").isGreaterThan(third + HEADER + BLOCK);
        flipByte(segment(dir), third + 5);

        try (Volume volume = Volume.open(dir)) {
            assertThat(volume.status().recoverable()).isTrue();
            assertThat(volume.status().appliedLsn()).isEqualTo(2);
        }
        assertThat(Files.size(segment(dir))).isEqualTo(size);
    }

    @Test
    void recycled_segments_are_written_again_and_their_old_entries_never_show() {
        VolumeTuning tuning = new VolumeTuning(4 * 4096, 4096);
        Path dir = tmp.resolve("again");
        Model model = new Model(Fixtures.SPEC);
        primary(dir).close();
        for (int run = 0; run < 6; run++) {
            try (Volume volume = Volume.open(dir, new FileSystemDisk(), tuning)) {
                assertThat(volume.status().appliedLsn()).isEqualTo(model.head());
                for (int i = 0; i < 37; i++) {
                    int blocks = 1 + i % 3;
                    model.write(i, data(run * 100L + i, blocks));
                    volume.write(i, data(run * 100L + i, blocks));
                }
                volume.recycleWal(volume.flush());
                assertThat(spares(dir)).as("run %d", run).isBetween(1, 4);
                volume.write(60, data(run, 1));
                model.write(60, data(run, 1));
                assertThat(contents(volume)).isEqualTo(model.at(model.head()));
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"ar-EG", "fa-IR", "bn-BD"})
    void S_F1_segments_named_in_the_digits_of_a_locale_are_recognised_and_replayed(String locale) {
        // given a volume over several segments, named as a process under that locale named them
        VolumeTuning tuning = new VolumeTuning(1 << 20, 4096);
        Path dir = tmp.resolve("named");
        Model model = new Model(Fixtures.SPEC);
        primary(dir).close();
        try (Volume volume = Volume.open(dir, new FileSystemDisk(), tuning)) {
            for (int i = 0; i < 20; i++) {
                model.write(i, data(i, 1));
                volume.awaitDurable(volume.write(i, data(i, 1)));
            }
        }
        List<Path> segments = segments(dir);
        assertThat(segments).hasSizeGreaterThan(2);
        segments.forEach(segment -> rename(segment, inDigitsOf(locale, segment)));

        // when it is opened, and again
        for (int open = 1; open <= 2; open++) {
            try (Volume volume = Volume.open(dir, new FileSystemDisk(), tuning)) {
                // then every acknowledged write is there
                assertThat(volume.status().fault()).isNull();
                assertThat(volume.status().appliedLsn()).isEqualTo(20);
                assertThat(contents(volume)).isEqualTo(model.at(20));
            }
            assertThat(segments(dir)).isEqualTo(segments);
        }
    }

    @Test
    void S_F1_segments_of_both_names_are_one_log() {
        VolumeTuning tuning = new VolumeTuning(1 << 20, 4096);
        Path dir = tmp.resolve("mixed");
        primary(dir).close();
        try (Volume volume = Volume.open(dir, new FileSystemDisk(), tuning)) {
            for (int i = 0; i < 20; i++) {
                volume.awaitDurable(volume.write(i, data(i, 1)));
            }
        }
        Path first = segments(dir).getFirst();
        rename(first, inDigitsOf("fa-IR", first));

        try (Volume volume = Volume.open(dir, new FileSystemDisk(), tuning)) {
            assertThat(volume.status().appliedLsn()).isEqualTo(20);
        }
    }

    @Test
    void S_F1_two_segments_with_the_same_number_are_damage_and_nothing_is_touched() throws IOException {
        Path dir = threeEntries(new Model(Fixtures.SPEC));
        Path segment = segment(dir);
        Files.copy(segment, inDigitsOf("fa-IR", segment));
        List<Path> found = segments(dir);

        try (Volume volume = Volume.open(dir)) {
            assertThat(volume.status().fault()).isEqualTo(VolumeFault.LOCAL_WAL_CORRUPT);
            assertThat(segments(dir)).isEqualTo(found);
        }
    }

    private static Path inDigitsOf(String locale, Path segment) {
        long firstLsn = Long.parseLong(segment.getFileName().toString().replace(".wal", ""));
        String name = String.format(Locale.forLanguageTag(locale), "%020d.wal", firstLsn);
        assertThat(name).doesNotContain("0");
        return segment.resolveSibling(name);
    }

    private static void rename(Path from, Path to) {
        try {
            Files.move(from, to);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static List<Path> segments(Path dir) {
        return new FileSystemDisk()
                .list(dir.resolve("wal")).stream()
                        .filter(path -> path.toString().endsWith(".wal"))
                        .toList();
    }

    private static int spares(Path dir) {
        return (int) new FileSystemDisk()
                .list(dir.resolve("wal")).stream()
                        .filter(path -> path.toString().endsWith(".spare"))
                        .count();
    }

    /** Cuts off what was written ahead of the entries. */
    private static byte[] entries(Path segment, int length) throws IOException {
        byte[] all = Files.readAllBytes(segment);
        assertThat(java.util.Arrays.copyOfRange(all, length, all.length)).containsOnly(0);
        return java.util.Arrays.copyOf(all, length);
    }

    private static void truncate(Path file, long size) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            channel.truncate(size);
        }
    }
}
