package io.keepup.volume;

import static io.keepup.volume.Fixtures.BLOCK;
import static io.keepup.volume.Fixtures.BLOCKS;
import static org.assertj.core.api.Assertions.assertThat;

import io.keepup.volume.disk.SimulatedDisk;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

class ChecksumRaceTest {
    private static final int ROUNDS = 4000;

    @TempDir
    Path dir;

    /** Every block holds one byte value throughout, so that a block of two moments shows. */
    @Test
    @Timeout(60)
    void nothing_sound_is_taken_for_damaged_and_no_block_is_mixed_while_everything_runs_at_once() throws Exception {
        long seed = System.nanoTime();
        System.out.println("checksum race, seed " + seed);
        SplittableRandom random = new SplittableRandom(seed);
        AtomicInteger writing = new AtomicInteger(2);
        try (Volume volume = Fixtures.primary(dir.resolve("v"));
                ExecutorService threads = Executors.newCachedThreadPool()) {
            List<Callable<Void>> all = new ArrayList<>();
            for (int i = 0; i < 2; i++) {
                SplittableRandom mine = random.split();
                all.add(() -> {
                    try {
                        write(volume, mine);
                    } finally {
                        writing.decrementAndGet();
                    }
                    return null;
                });
            }
            all.add(() -> until(writing, volume::flush));
            all.add(() -> until(writing, () -> assertWhole(volume, false)));
            all.add(() -> until(writing, () -> assertWhole(volume, true)));
            all.add(() -> until(writing, () -> {
                Scrub scrub = volume.scrub();
                while (scrub.step()) {}
                assertThat(scrub.report().clean()).isTrue();
            }));
            for (Future<Void> done : threads.invokeAll(all)) {
                done.get();
            }
            assertThat(volume.status().recoverable()).isTrue();
            assertThat(volume.digest().lsn()).isEqualTo(2L * ROUNDS);
        }
    }

    /** A write replaces location and checksum of a block one after the other. */
    @Test
    @Timeout(60)
    void a_read_that_meets_a_write_of_its_block_gets_the_old_or_the_new_one() throws Exception {
        AtomicInteger writing = new AtomicInteger(1);
        try (Volume volume = Volume.create(Path.of("/v"), Fixtures.SPEC, new SimulatedDisk(), VolumeTuning.DEFAULT);
                ExecutorService threads = Executors.newFixedThreadPool(2)) {
            volume.assume(1, VolumeRole.PRIMARY);
            Future<?> writer = threads.submit(() -> {
                ByteBuffer[] data = {Fixtures.data(1, 1), Fixtures.data(2, 1)};
                for (int i = 0; i < 60_000; i++) {
                    volume.write(0, data[i % 2]);
                }
                writing.decrementAndGet();
            });
            ByteBuffer block = ByteBuffer.allocate(BLOCK);
            Future<?> reader = threads.submit(() -> until(writing, () -> volume.read(0, block.clear())));
            writer.get();
            reader.get();
            assertThat(volume.status().recoverable()).isTrue();
        }
    }

    /** Data and checksum are two writes. */
    @Test
    @Timeout(60)
    void a_base_or_a_scrub_that_meets_a_flush_waits_for_it() throws Exception {
        SimulatedDisk disk = new SimulatedDisk();
        try (Volume volume = Volume.create(Path.of("/v"), Fixtures.SPEC, disk, VolumeTuning.DEFAULT);
                ExecutorService threads = Executors.newFixedThreadPool(3)) {
            volume.assume(1, VolumeRole.PRIMARY);
            volume.write(5, Fixtures.data(1, 3));
            CountDownLatch between = new CountDownLatch(1);
            CountDownLatch goOn = new CountDownLatch(1);
            disk.beforeWrite(path -> {
                if (path.endsWith("checksums")) {
                    between.countDown();
                    await(goOn);
                }
            });
            Future<Long> flush = threads.submit(volume::flush);
            await(between);

            ByteBuffer blocks = ByteBuffer.allocate(3 * BLOCK);
            Future<?> base = threads.submit(() -> volume.readExtent(5, blocks));
            Scrub scrub = volume.scrub();
            Future<Boolean> scrubbed = threads.submit(scrub::step);
            assertThat(base).isNotDone();
            goOn.countDown();

            assertThat(flush.get()).isEqualTo(1);
            base.get();
            assertThat(blocks.flip()).isEqualTo(Fixtures.data(1, 3));
            assertThat(scrubbed.get()).isTrue();
            assertThat(scrub.report().clean()).isTrue();
            assertThat(volume.status().recoverable()).isTrue();
        }
    }

    private static void await(CountDownLatch latch) {
        try {
            assertThat(latch.await(30, TimeUnit.SECONDS)).isTrue();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private static void write(Volume volume, SplittableRandom random) {
        for (int i = 0; i < ROUNDS; i++) {
            int blocks = random.nextInt(1, 6);
            int lba = random.nextInt(BLOCKS - blocks);
            if (random.nextInt(10) == 0) {
                volume.trim(lba, blocks);
                continue;
            }
            byte[] data = new byte[blocks * BLOCK];
            java.util.Arrays.fill(data, (byte) random.nextInt(1, 100));
            volume.write(lba, ByteBuffer.wrap(data));
        }
    }

    private static void assertWhole(Volume volume, boolean extent) {
        byte[] bytes = new byte[BLOCKS * BLOCK];
        if (extent) {
            volume.readExtent(0, ByteBuffer.wrap(bytes));
        } else {
            volume.read(0, ByteBuffer.wrap(bytes));
        }
        for (int at = 0; at < bytes.length; at += BLOCK) {
            for (int i = 1; i < BLOCK; i++) {
                if (bytes[at + i] != bytes[at]) {
                    throw new AssertionError("block " + at / BLOCK + " is of two moments");
                }
            }
        }
    }

    private static Void until(AtomicInteger writing, Runnable action) {
        while (writing.get() > 0) {
            action.run();
        }
        return null;
    }
}
