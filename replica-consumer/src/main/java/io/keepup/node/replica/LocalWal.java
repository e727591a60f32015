package io.keepup.node.replica;

import io.keepup.node.lane.LaneRecords;
import io.keepup.volume.Volume;
import io.keepup.volume.WalEntry;
import java.util.List;

/** Keeps a replica's own WAL between half of its retention and all of it. Not thread-safe. */
final class LocalWal {

    private final Volume volume;
    private final long halfBytes;
    private long bytes;
    private long previousHalf;

    LocalWal(Volume volume, long retainBytes) {
        this.volume = volume;
        this.halfBytes = Math.max(1, retainBytes / 2);
    }

    /** Entries were applied: when another half is full, the one before it is recycled. */
    void applied(List<WalEntry> entries) {
        bytes += LaneRecords.payloadBytes(entries);
        if (bytes < halfBytes) {
            return;
        }
        bytes = 0;
        volume.recycleWal(Math.min(previousHalf, volume.flush()));
        previousHalf = entries.get(entries.size() - 1).lsn();
    }
}
