package io.keepup.volume.disk;

import java.nio.ByteBuffer;
import java.util.concurrent.ArrayBlockingQueue;

/** Direct buffers of one size, used again: allocating one per call costs more than the I/O it serves. Thread-safe. */
public final class BufferPool {
    private final int capacity;
    private final ArrayBlockingQueue<ByteBuffer> free;

    /** Buffers of {@code capacity} bytes, of which at most {@code kept} stay allocated while unused. */
    public BufferPool(int capacity, int kept) {
        this.capacity = capacity;
        this.free = new ArrayBlockingQueue<>(kept);
    }

    /** Bytes in a buffer. */
    public int capacity() {
        return capacity;
    }

    /** A cleared buffer; give it back. */
    public ByteBuffer take() {
        ByteBuffer buffer = free.poll();
        return buffer == null ? ByteBuffer.allocateDirect(capacity) : buffer.clear();
    }

    /** Takes a buffer back; beyond the number kept it is left to the collector. */
    public void give(ByteBuffer buffer) {
        if (!free.offer(buffer)) {
            buffer.clear();
        }
    }
}
