package io.keepup.volume;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** What a volume must hold: every entry ever logged, replayed into a byte array up to any LSN. */
final class Model {
    private final int blockSize;
    private final int blocks;
    private final List<WalEntry> log = new ArrayList<>();

    Model(VolumeSpec spec) {
        this.blockSize = spec.blockSize();
        this.blocks = (int) spec.blocks();
    }

    void write(long lba, ByteBuffer data) {
        log.add(WalEntry.write(1, log.size() + 1L, lba, data.remaining() / blockSize, data.duplicate()));
    }

    void trim(long lba, int count) {
        log.add(WalEntry.trim(1, log.size() + 1L, lba, count));
    }

    void add(WalEntry entry) {
        if (entry.lsn() != log.size() + 1L) {
            throw new IllegalArgumentException("LSN " + entry.lsn() + " after " + log.size());
        }
        log.add(entry);
    }

    long head() {
        return log.size();
    }

    List<WalEntry> entries(long from, long to) {
        return log.subList((int) from - 1, (int) to);
    }

    void cutTo(long lsn) {
        log.subList((int) lsn, log.size()).clear();
    }

    byte[] at(long lsn) {
        byte[] image = new byte[blocks * blockSize];
        for (WalEntry e : log.subList(0, (int) lsn)) {
            int from = (int) e.lba() * blockSize;
            if (e.kind() == WalEntryKind.TRIM) {
                Arrays.fill(image, from, from + e.blocks() * blockSize, (byte) 0);
            } else {
                e.payload().get(image, from, e.blocks() * blockSize);
            }
        }
        return image;
    }
}
