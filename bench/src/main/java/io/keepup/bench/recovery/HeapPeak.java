package io.keepup.bench.recovery;

import java.lang.management.ManagementFactory;
import java.lang.management.MemoryMXBean;

/** The most heap this JVM used between start and end, garbage included, looked at every few milliseconds. */
final class HeapPeak implements AutoCloseable {

    private static final long EVERY_MS = 5;

    private final MemoryMXBean memory = ManagementFactory.getMemoryMXBean();
    private final Thread thread;
    private volatile long peak;
    private volatile boolean closed;

    HeapPeak() {
        thread = Thread.ofPlatform().name("bench-heap").daemon(true).start(this::look);
    }

    private void look() {
        try {
            while (!closed) {
                peak = Math.max(peak, memory.getHeapMemoryUsage().getUsed());
                Thread.sleep(EVERY_MS);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt(); // closed
        }
    }

    long mebibytes() {
        return peak >> 20;
    }

    @Override
    public void close() {
        closed = true;
        thread.interrupt();
    }
}
