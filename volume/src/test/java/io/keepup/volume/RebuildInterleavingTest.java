package io.keepup.volume;

import static io.keepup.volume.Fixtures.BLOCK;
import static io.keepup.volume.Fixtures.BLOCKS;
import static io.keepup.volume.Fixtures.contents;
import static io.keepup.volume.Fixtures.data;
import static io.keepup.volume.Fixtures.write;
import static org.assertj.core.api.Assertions.assertThat;

import io.keepup.volume.disk.SimulatedDisk;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** [R1] WAL wins over base in every order of base chunks, WAL entries and flushes. */
class RebuildInterleavingTest {
    private static final long BASE = 5;

    @TempDir
    Path dir;

    /** Overlapping entries in all ways: multi-block write, trim inside it, write over the trim's edge, across both chunks. */
    private static List<WalEntry> wal() {
        return List.of(
                write(1, BASE + 1, 4, 101, 40), WalEntry.trim(1, BASE + 2, 10, 20), write(1, BASE + 3, 28, 103, 8));
    }

    private static List<BaseBlocks> base(long session) {
        return List.of(
                BaseBlocks.of(session, 1, 0, 0, 32, false, data(7, 32)),
                BaseBlocks.of(session, 1, 1, 32, 32, true, data(8, 32)));
    }

    private static byte[] expected() {
        byte[] image = new byte[BLOCKS * BLOCK];
        data(7, 32).get(image, 0, 32 * BLOCK);
        data(8, 32).get(image, 32 * BLOCK, 32 * BLOCK);
        data(101, 40).get(image, 4 * BLOCK, 40 * BLOCK);
        Arrays.fill(image, 10 * BLOCK, 30 * BLOCK, (byte) 0);
        data(103, 8).get(image, 28 * BLOCK, 8 * BLOCK);
        return image;
    }

    @Test
    void S_R7_every_interleaving_of_base_wal_and_flush_ends_with_wal_over_base() {
        // B and C: the two chunks. W: the next WAL entry. F: a flush. All orders of BCWWWFF.
        List<String> orders = new ArrayList<>();
        permute("", "BCWWWFF", orders);
        assertThat(orders).hasSize(7 * 6 * 5 * 4 * 3 * 2 / (3 * 2) / 2);
        byte[] expected = expected();
        try (Volume replica = Volume.create(dir, Fixtures.SPEC, new SimulatedDisk(), VolumeTuning.DEFAULT)) {
            replica.assume(1, VolumeRole.REPLICA);
            long session = 1;
            for (String order : orders) {
                run(replica, session, order);
                assertThat(contents(replica)).as(order).isEqualTo(expected);
                replica.flush();
                assertThat(extent(replica)).as(order).isEqualTo(expected);
                session++;
            }
        }
    }

    @Test
    void S_R7_a_few_interleavings_on_real_files_survive_a_reopen() {
        List<String> orders = List.of("WFBWFCW", "BWFCWFW", "WWWFFBC", "BCWWWFF", "WBFWFWC");
        Volume replica = Fixtures.replica(dir.resolve("real"));
        long session = 1;
        for (String order : orders) {
            run(replica, session++, order);
            replica.close();
            replica = Volume.open(dir.resolve("real"));
            assertThat(contents(replica)).as(order).isEqualTo(expected());
            replica.flush();
            assertThat(contents(replica)).as(order).isEqualTo(expected());
        }
        replica.close();
    }

    private static byte[] extent(Volume volume) {
        byte[] bytes = new byte[BLOCKS * BLOCK];
        volume.readExtent(0, ByteBuffer.wrap(bytes));
        return bytes;
    }

    private static void permute(String done, String left, List<String> out) {
        if (left.isEmpty()) {
            out.add(done);
        }
        left.chars().distinct().forEach(c -> permute(done + (char) c, left.replaceFirst("" + (char) c, ""), out));
    }

    private static void run(Volume replica, long id, String order) {
        RebuildSession session = replica.rebuild().start(new RebuildBounds(id, 1, BASE, 1, BASE + 3, true));
        List<BaseBlocks> base = base(id);
        int next = 0;
        for (char step : order.toCharArray()) {
            switch (step) {
                case 'B' -> session.applyBase(base.get(0));
                case 'C' -> session.applyBase(base.get(1));
                case 'W' -> Fixtures.applyWal(session, wal().subList(next, ++next));
                case 'F' -> replica.flush();
                default -> throw new IllegalArgumentException(order);
            }
        }
        Fixtures.endBase(session, base, BASE + 3);
        assertThat(session.tryComplete()).as(order).isPresent();
    }

    @Test
    @Timeout(60)
    void R1_holds_with_both_lanes_and_flushes_running_at_once() throws Exception {
        long seed = System.nanoTime();
        System.out.println("R1 concurrent lanes, seed " + seed);
        SplittableRandom random = new SplittableRandom(seed);
        try (Volume replica = Fixtures.replica(dir.resolve("both"));
                ExecutorService threads = Executors.newFixedThreadPool(3)) {
            for (long id = 1; id <= 10; id++) {
                oneConcurrentSession(replica, id, random.split(), threads);
            }
        }
    }

    private static void oneConcurrentSession(Volume replica, long id, SplittableRandom random, ExecutorService threads)
            throws Exception {
        byte[] expected = new byte[BLOCKS * BLOCK];
        data(id, BLOCKS).get(expected);
        List<BaseBlocks> base = new ArrayList<>();
        for (int lba = 0; lba < BLOCKS; lba += 4) {
            var payload = data(id, BLOCKS).slice(lba * BLOCK, 4 * BLOCK);
            base.add(BaseBlocks.of(id, 1, lba / 4, lba, 4, lba + 4 == BLOCKS, payload));
        }
        List<WalEntry> wal = new ArrayList<>();
        for (int i = 1; i <= 60; i++) {
            int blocks = random.nextInt(1, 5);
            WalEntry entry = write(1, BASE + i, random.nextInt(BLOCKS - blocks), id * 1000 + i, blocks);
            wal.add(entry);
            entry.payload().get(expected, (int) entry.lba() * BLOCK, blocks * BLOCK);
        }
        RebuildSession session = replica.rebuild().start(new RebuildBounds(id, 1, BASE, 1, BASE + 60, true));
        List<Callable<Void>> lanes = List.of(
                () -> {
                    base.forEach(session::applyBase);
                    Fixtures.endBase(session, base, BASE);
                    return null;
                },
                () -> {
                    for (int i = 0; i < 60; i += 3) {
                        Fixtures.applyWal(session, wal.subList(i, i + 3));
                    }
                    return null;
                },
                () -> {
                    while (session.tryComplete().isEmpty()) {
                        replica.flush();
                    }
                    return null;
                });
        for (Future<Void> lane : threads.invokeAll(lanes)) {
            lane.get();
        }
        assertThat(contents(replica)).isEqualTo(expected);
        replica.flush();
        assertThat(contents(replica)).isEqualTo(expected);
    }
}
