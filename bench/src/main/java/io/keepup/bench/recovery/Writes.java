package io.keepup.bench.recovery;

import io.keepup.bench.recovery.RebuildBench.Data;
import io.keepup.node.hosting.HostedVolume;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.atomic.AtomicLong;

/** What is written to a primary: a fill in large writes, entries in a row, and small writes all over while a session runs. */
final class Writes {

    private static final int LARGE = 1 << 20;
    private static final int SYNC_EVERY = 64 << 20;
    private static final int WRITERS = 4;

    private final HostedVolume primary;
    private final long seed;
    private final AtomicLong written = new AtomicLong();

    Writes(HostedVolume primary, long seed) {
        this.primary = primary;
        this.seed = seed;
    }

    /** Writes the first {@code bytes} of the volume, in entries of that size; returns when all is durable. */
    void fill(long bytes, int entryBytes, Data data) {
        Random random = new Random(seed);
        byte[] entry = new byte[entryBytes];
        int perSync = Math.max(1, SYNC_EVERY / entryBytes);
        int blocks = entryBytes / BenchCluster.BLOCK;
        long entries = bytes / entryBytes;
        long volumeEntries = primary.status().sizeBytes() / entryBytes;
        written.set(0);
        long lsn = 0;
        for (long i = 0; i < entries; i++) {
            if (data == Data.random) {
                random.nextBytes(entry);
            }
            lsn = primary.write(i % volumeEntries * blocks, ByteBuffer.wrap(entry));
            if (i % perSync == 0) {
                primary.awaitDurable(lsn);
            }
            written.addAndGet(entryBytes);
        }
        if (lsn > 0) {
            primary.awaitDurable(lsn);
        }
    }

    void fill(long bytes, Data data) {
        fill(bytes, LARGE, data);
    }

    /** Begins so many durable writes of one block, anywhere, from several writers at once. */
    CompletableFuture<Void> begin(int writes) {
        long blocks = primary.status().sizeBytes() / BenchCluster.BLOCK;
        AtomicLong left = new AtomicLong(writes);
        written.set(0);
        List<CompletableFuture<Void>> writers = new ArrayList<>();
        for (int i = 0; i < WRITERS; i++) {
            Random random = new Random(seed + 1 + i);
            CompletableFuture<Void> writer = new CompletableFuture<>();
            writers.add(writer);
            Thread.ofPlatform().name("bench-writer-" + i).daemon(true).start(() -> {
                try {
                    byte[] block = new byte[BenchCluster.BLOCK];
                    while (left.getAndDecrement() > 0) {
                        random.nextBytes(block);
                        primary.awaitDurable(primary.write(random.nextLong(blocks), ByteBuffer.wrap(block)));
                        written.addAndGet(block.length);
                    }
                    writer.complete(null);
                } catch (RuntimeException e) {
                    writer.completeExceptionally(e);
                }
            });
        }
        return CompletableFuture.allOf(writers.toArray(CompletableFuture[]::new));
    }

    /** Bytes written so far in the call under way. */
    long written() {
        return written.get();
    }

    static void join(CompletableFuture<Void> writing) {
        try {
            writing.join();
        } catch (CompletionException e) {
            throw new IllegalStateException("a write failed: " + e.getCause().getMessage(), e.getCause());
        }
    }
}
