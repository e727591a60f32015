package io.keepup.bench.simulate.check;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * A volume's history as the primary of one epoch tells it: what it had when it became one, and what it wrote since. All
 * histories of a volume are a tree.
 */
public final class Branch {

    /** One write of consecutive blocks, {@code firstId} 0 for a trim. */
    record Write(long lba, int blocks, long firstId) {}

    private final long epoch;
    private final String primary;
    private final Branch parent;
    private long baseLsn;
    private long[] base;
    private final TreeMap<Long, Write> writes = new TreeMap<>();
    /** Writes at LSNs that others were tried at later. */
    private final Map<Long, List<Write>> refused = new HashMap<>();

    private long acknowledged;

    Branch(long epoch, String primary, Branch parent, long baseLsn, long[] base) {
        this.epoch = epoch;
        this.primary = primary;
        this.parent = parent;
        this.baseLsn = baseLsn;
        this.base = base;
    }

    public long epoch() {
        return epoch;
    }

    public String primary() {
        return primary;
    }

    /** Everything up to here is its parent's. */
    public long baseLsn() {
        return baseLsn;
    }

    /** Newest LSN of its own, or its base. */
    public long head() {
        return writes.isEmpty() ? baseLsn : writes.lastKey();
    }

    /** Highest LSN acknowledged to a writer by a quorum. */
    public long acknowledged() {
        return acknowledged;
    }

    void acknowledge(long lsn) {
        acknowledged = Math.max(acknowledged, lsn);
    }

    void write(long lsn, Write write) {
        Write before = writes.put(lsn, write);
        if (before != null) {
            refused.computeIfAbsent(lsn, any -> new ArrayList<>()).add(before);
        }
    }

    /** The newest write tried at an LSN was taken: none before it can be found there any more. */
    void taken(long lsn) {
        refused.remove(lsn);
    }

    /** After a crash a write that was refused for its disk may be there all the same, in place of one refused after it. */
    void settle(long head, long[] found) {
        for (Write each : refused.getOrDefault(head, List.of())) {
            if (!Arrays.equals(found, image(head))) {
                writes.put(head, each);
            }
        }
        refused.clear();
    }

    /** A crash took what was above; of what its parent told, too, if the primary had not made that durable either. */
    void cut(long head) {
        writes.tailMap(head, false).clear();
        if (head < baseLsn && parent != null) {
            base = parent.image(head);
            baseLsn = head;
        }
    }

    /** Write ids of all blocks as of an LSN; null when that LSN was never this history's. */
    public long[] image(long lsn) {
        if (lsn < baseLsn) {
            return parent == null ? null : parent.image(lsn);
        }
        if (lsn > head()) {
            return null;
        }
        long[] image = base.clone();
        for (Map.Entry<Long, Write> each : writes.headMap(lsn, true).entrySet()) {
            Write write = each.getValue();
            for (int block = 0; block < write.blocks; block++) {
                image[(int) write.lba + block] = write.firstId == 0 ? 0 : write.firstId + block;
            }
        }
        return image;
    }

    /** LSN that wrote a block last, as of another LSN; 0 when none of this history's own did. */
    long lsnOf(int block, long lsn) {
        return writes.headMap(lsn, true).descendingMap().entrySet().stream()
                .filter(each -> block >= each.getValue().lba && block < each.getValue().lba + each.getValue().blocks)
                .mapToLong(Map.Entry::getKey)
                .findFirst()
                .orElse(0);
    }

    /** Up to which LSN two histories are one and the same. */
    public long shared(Branch other) {
        long mine = Long.MAX_VALUE;
        for (Branch a = this; a != null; mine = Math.min(mine, a.baseLsn), a = a.parent) {
            long theirs = Long.MAX_VALUE;
            for (Branch b = other; b != null; theirs = Math.min(theirs, b.baseLsn), b = b.parent) {
                if (a == b) {
                    return Math.min(mine, theirs);
                }
            }
        }
        return 0;
    }
}
