package io.keepup.cli.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.keepup.cli.BlockClient;
import io.keepup.cli.Failure;
import java.net.ConnectException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;

/**
 * A workload that keeps account of what it wrote: of each block the version that was acknowledged last, and those whose fate
 * nobody told. A block must be one of them. Each block has one writer, so versions of a block follow each other.
 */
final class Ledger implements AutoCloseable {

    static final int BLOCK = 4096;

    private static final int WRITERS = 2;
    private static final int FILL_BLOCKS = 256;
    private static final long PAUSE_NANOS = 25_000_000;
    private static final long PAUSE_AFTER_FAILURE_NANOS = 200_000_000;
    /** One write in so many waits until a majority has it. */
    private static final int BARRIER = 10;

    private final BlockClient primary;
    private final int blocks;
    private final long seed;
    private final AtomicLong versions = new AtomicLong();
    private final AtomicLongArray acknowledged;
    /** A write that was not answered may still come to pass long after the next one was. */
    private final Map<Integer, Set<Long>> inDoubt = new ConcurrentHashMap<>();

    private final AtomicLong answered = new AtomicLong();
    private final AtomicLong unanswered = new AtomicLong();
    private final ExecutorService threads = Executors.newFixedThreadPool(WRITERS);
    private volatile boolean writing;
    private Future<?>[] writers = {};

    Ledger(BlockClient primary, int blocks, long seed) {
        this.primary = primary;
        this.blocks = blocks;
        this.seed = seed;
        this.acknowledged = new AtomicLongArray(blocks);
    }

    /** Writes the first half of the volume once. */
    void fillHalf() {
        for (int lba = 0; lba < blocks / 2; lba += FILL_BLOCKS) {
            ByteBuffer data = ByteBuffer.allocate(FILL_BLOCKS * BLOCK);
            long first = versions.getAndAdd(FILL_BLOCKS) + 1;
            for (int i = 0; i < FILL_BLOCKS; i++) {
                data.put(content(first + i));
            }
            primary.write(lba, data.array(), false);
            for (int i = 0; i < FILL_BLOCKS; i++) {
                acknowledged.set(lba + i, first + i);
            }
        }
    }

    /** Begins to write single blocks, some tens a second, whatever becomes of them. */
    void begin() {
        writing = true;
        writers = IntStream.range(0, WRITERS)
                .mapToObj(w -> threads.submit(() -> write(w)))
                .toArray(Future<?>[]::new);
    }

    private void write(int writer) {
        Random random = new Random(seed + writer + versions.get());
        while (writing) {
            int lba = random.nextInt(blocks / WRITERS) * WRITERS + writer;
            long version = versions.incrementAndGet();
            try {
                primary.write(lba, content(version), random.nextInt(BARRIER) == 0);
                acknowledged.set(lba, version);
                answered.incrementAndGet();
                LockSupport.parkNanos(PAUSE_NANOS);
            } catch (Failure e) {
                if (!(e.getCause() instanceof ConnectException)) { // else it was not even sent
                    inDoubt.computeIfAbsent(lba, any -> ConcurrentHashMap.newKeySet())
                            .add(version);
                    unanswered.incrementAndGet();
                }
                LockSupport.parkNanos(PAUSE_AFTER_FAILURE_NANOS);
            }
        }
    }

    /** Writes acknowledged so far. */
    long answered() {
        return answered.get();
    }

    /** Writes so far whose fate nobody told. */
    long unanswered() {
        return unanswered.get();
    }

    /** Ends the writing; fails when a writer died. */
    void end() throws Exception {
        writing = false;
        for (Future<?> writer : writers) {
            writer.get();
        }
    }

    /** Holds every block of a copy to the account. */
    void verify(BlockClient copy) {
        for (int lba = 0; lba < blocks; lba += FILL_BLOCKS) {
            byte[] data = copy.read(lba, FILL_BLOCKS);
            for (int i = 0; i < FILL_BLOCKS; i++) {
                byte[] block = Arrays.copyOfRange(data, i * BLOCK, (i + 1) * BLOCK);
                long version = ByteBuffer.wrap(block).getLong();
                long last = acknowledged.get(lba + i);
                if (version != last) {
                    assertThat(inDoubt.getOrDefault(lba + i, Set.of()))
                            .as("block %d is not version %d, which was acknowledged last", lba + i, last)
                            .contains(version);
                }
                assertThat(block).as("block %d of version %d", lba + i, version).isEqualTo(content(version));
            }
        }
    }

    /** A block that begins with its version and is known by it; version 0 was never written. */
    private static byte[] content(long version) {
        ByteBuffer block = ByteBuffer.allocate(BLOCK);
        if (version != 0) {
            SplittableRandom random = new SplittableRandom(version);
            block.putLong(version);
            while (block.hasRemaining()) {
                block.putLong(random.nextLong());
            }
        }
        return block.array();
    }

    @Override
    public void close() {
        writing = false;
        threads.shutdownNow();
    }
}
