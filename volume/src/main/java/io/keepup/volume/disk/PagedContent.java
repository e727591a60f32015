package io.keepup.volume.disk;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.BitSet;
import java.util.SplittableRandom;

/**
 * Bytes of a simulated file, in pages: as they are now, and as the last fsync left them. A page is copied when it is first changed
 * after an fsync, so neither growing nor fsyncing copies the rest. A page never written takes no memory. Not thread-safe.
 */
final class PagedContent {
    private static final int PAGE = 4096;
    private static final int SECTOR = 512;
    private static final byte[] ZEROS = new byte[PAGE];

    private byte[][] now = {};
    private byte[][] durable = {};
    private long size;
    private long durableSize;
    /** Pages changed since the last fsync; the others are shared with {@link #durable}. */
    private final BitSet changed = new BitSet();

    long size() {
        return size;
    }

    int read(ByteBuffer dst, long position) {
        int length = Math.clamp(size - position, 0, dst.remaining());
        int done = 0;
        while (done < length) {
            int at = (int) ((position + done) % PAGE);
            int part = Math.min(PAGE - at, length - done);
            byte[] page = page(now, (int) ((position + done) / PAGE));
            dst.put(page == null ? ZEROS : page, at, part);
            done += part;
        }
        return length;
    }

    void write(ByteBuffer src, long position) {
        long at = position;
        while (src.hasRemaining()) {
            int inPage = (int) (at % PAGE);
            int part = Math.min(PAGE - inPage, src.remaining());
            src.get(own((int) (at / PAGE)), inPage, part);
            at += part;
        }
        size = Math.max(size, at);
    }

    void setSize(long bytes) {
        if (bytes < size) {
            int inPage = (int) (bytes % PAGE);
            int first = (int) (bytes / PAGE);
            if (inPage > 0 && page(now, first) != null) {
                Arrays.fill(own(first), inPage, PAGE, (byte) 0);
            }
            for (int p = inPage > 0 ? first + 1 : first; p < now.length; p++) {
                now[p] = null;
                changed.set(p, page(durable, p) != null);
            }
        }
        size = bytes;
    }

    void force() {
        if (durable.length < now.length) {
            durable = Arrays.copyOf(durable, now.length);
        }
        changed.stream().forEach(p -> durable[p] = now[p]);
        changed.clear();
        durableSize = size;
    }

    /** Flips a bit of that byte, in what is there now and in what is durable. */
    void rot(long position) {
        int index = (int) (position / PAGE);
        int at = (int) (position % PAGE);
        boolean shared = !changed.get(index);
        own(index)[at] ^= 0x10;
        if (shared) {
            changed.clear(index);
            durable = Arrays.copyOf(durable, Math.max(durable.length, index + 1));
            durable[index] = now[index];
        } else if (page(durable, index) != null) {
            durable[index] = durable[index].clone();
            durable[index][at] ^= 0x10;
        }
    }

    /** What a power cut leaves; shares no page that may change. */
    PagedContent afterPowerCut(SimulatedDisk.Unsynced mode, SplittableRandom random) {
        PagedContent after = new PagedContent();
        after.now = Arrays.copyOf(durable, Math.max(durable.length, now.length));
        after.size = durableSize;
        switch (mode) {
            case LOST -> {}
            case KEPT -> {
                changed.stream().forEach(p -> after.now[p] = now[p] == null ? null : now[p].clone());
                after.size = size;
            }
            case TORN -> {
                changed.stream().forEach(p -> after.now[p] = torn(page(durable, p), now[p], random));
                after.size = Math.max(size, durableSize);
                after.setSize(random.nextBoolean() ? size : durableSize);
            }
        }
        after.durable = after.now.clone();
        after.durableSize = after.size;
        after.changed.clear();
        return after;
    }

    private static byte[] torn(byte[] old, byte[] young, SplittableRandom random) {
        byte[] mixed = new byte[PAGE];
        for (int at = 0; at < PAGE; at += SECTOR) {
            byte[] from = random.nextBoolean() ? young : old;
            if (from != null) {
                System.arraycopy(from, at, mixed, at, SECTOR);
            }
        }
        return mixed;
    }

    private byte[] own(int index) {
        if (index >= now.length) {
            now = Arrays.copyOf(now, Math.max(index + 1, now.length * 2));
        }
        if (!changed.get(index)) {
            changed.set(index);
            now[index] = now[index] == null ? new byte[PAGE] : now[index].clone();
        } else if (now[index] == null) {
            now[index] = new byte[PAGE];
        }
        return now[index];
    }

    private static byte[] page(byte[][] pages, int index) {
        return index < pages.length ? pages[index] : null;
    }
}
