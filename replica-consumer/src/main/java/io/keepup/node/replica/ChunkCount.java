package io.keepup.node.replica;

import java.util.TreeSet;

/** Counts chunks without gap from seq 0 on; one that came before its turn counts when the gap is closed. One writer. */
final class ChunkCount {

    private final TreeSet<Long> early = new TreeSet<>();
    private volatile long next;

    void add(long seq) {
        if (seq != next) {
            if (seq > next) {
                early.add(seq);
            }
            return;
        }
        long after = next + 1;
        while (!early.isEmpty() && early.first() == after) {
            early.pollFirst();
            after++;
        }
        next = after;
    }

    long value() {
        return next;
    }
}
