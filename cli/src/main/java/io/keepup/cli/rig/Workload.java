package io.keepup.cli.rig;

import io.keepup.cli.BlockClient;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;

/** Writes through the primary's block I/O: a steady stream in the background, and bursts when they are wanted. */
public final class Workload implements AutoCloseable {

    private static final int WRITERS = 4;
    private static final int MAX_BLOCKS = 4;
    private static final int FILL_BYTES = 1 << 20;
    private static final long PAUSE_NANOS = 4_000_000;

    private final BlockClient primary;
    private final long blocks;
    private final int blockSize;
    private final long seed;
    private final AtomicLong written = new AtomicLong();
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private Future<?> steady;
    private volatile boolean stopping;

    /** @param seed of the data and addresses written */
    public Workload(BlockClient primary, long sizeBytes, int blockSize, long seed) {
        this.primary = primary;
        this.blocks = sizeBytes / blockSize;
        this.blockSize = blockSize;
        this.seed = seed;
    }

    /** Writes the first half of the volume once, in large writes. */
    public void fillHalf() {
        Random random = new Random(seed);
        int perWrite = (int) Math.min(FILL_BYTES / blockSize, Math.max(1, blocks / 2));
        byte[] data = new byte[perWrite * blockSize];
        for (long lba = 0; lba + perWrite <= blocks / 2; lba += perWrite) {
            random.nextBytes(data);
            primary.write(lba, data, false);
            written.incrementAndGet();
        }
    }

    /** Begins the steady stream: one small write after the other, some 200 a second. */
    public void begin() {
        steady = threads.submit(() -> {
            Random random = new Random(seed + 1);
            while (!stopping) {
                writeOne(random);
                LockSupport.parkNanos(PAUSE_NANOS);
            }
        });
    }

    /** Exactly {@code writes} small writes from several writers at once; returns when all are durable. */
    public void burst(int writes) throws ExecutionException, InterruptedException {
        AtomicLong left = new AtomicLong(writes);
        var writers = IntStream.range(0, WRITERS)
                .mapToObj(i -> threads.submit(() -> {
                    Random random = new Random(seed + 2 + i + written.get());
                    while (left.getAndDecrement() > 0) {
                        writeOne(random);
                    }
                }))
                .toList();
        for (Future<?> writer : writers) {
            writer.get();
        }
    }

    private void writeOne(Random random) {
        byte[] data = new byte[blockSize * (1 + random.nextInt(MAX_BLOCKS))];
        random.nextBytes(data);
        primary.write(random.nextLong(blocks - MAX_BLOCKS), data, false);
        written.incrementAndGet();
    }

    /** Writes done so far. */
    public long written() {
        return written.get();
    }

    /** Ends the steady stream; fails when it failed. */
    public void end() throws ExecutionException, InterruptedException {
        stopping = true;
        if (steady != null) {
            steady.get();
        }
    }

    @Override
    public void close() {
        stopping = true;
        threads.shutdownNow();
        threads.close();
    }
}
