package io.keepup.node.lane;

import io.keepup.v1.BaseChunk;
import io.keepup.v1.WalBatch;
import io.keepup.volume.BaseBlocks;
import io.keepup.volume.WalEntry;
import io.keepup.volume.WalEntryKind;
import java.util.ArrayList;
import java.util.List;

/** Between the lanes' records and the volume's own types. Checksums travel; nothing is computed again here. */
public final class LaneRecords {

    private static final long UNSIGNED = 0xffffffffL;

    private LaneRecords() {}

    /** @param previousEpoch epoch of the entry before the first; 0 when not known */
    public static WalBatch batch(
            String volumeId, String primaryId, long epoch, List<WalEntry> entries, long previousEpoch) {
        List<io.keepup.v1.WalEntry> records = new ArrayList<>(entries.size());
        for (WalEntry entry : entries) {
            records.add(new io.keepup.v1.WalEntry(
                    entry.epoch(),
                    entry.lsn(),
                    entry.kind() == WalEntryKind.TRIM
                            ? io.keepup.v1.WalEntryKind.trim
                            : io.keepup.v1.WalEntryKind.write,
                    entry.lba(),
                    entry.blocks(),
                    entry.crc32c() & UNSIGNED,
                    entry.payload()));
        }
        return new WalBatch(volumeId, primaryId, epoch, records, previousEpoch);
    }

    /**
     * The entries of a batch.
     *
     * @throws IllegalArgumentException when an entry is of a kind this version does not know
     */
    public static List<WalEntry> entries(WalBatch batch) {
        List<WalEntry> entries = new ArrayList<>(batch.getEntries().size());
        for (io.keepup.v1.WalEntry record : batch.getEntries()) {
            WalEntryKind kind =
                    switch (record.getKind()) {
                        case write -> WalEntryKind.WRITE;
                        case trim -> WalEntryKind.TRIM;
                        case unknown ->
                            throw new IllegalArgumentException(
                                    "WAL entry %s of volume %s is of a kind this node does not know"
                                            .formatted(record.getLsn(), batch.getVolumeId()));
                    };
            entries.add(new WalEntry(
                    record.getEpoch(),
                    record.getLsn(),
                    kind,
                    record.getLba(),
                    record.getBlocks(),
                    (int) record.getCrc32c(),
                    record.getPayload()));
        }
        return entries;
    }

    public static BaseChunk chunk(BaseBlocks blocks) {
        return new BaseChunk(
                blocks.sessionId(),
                blocks.epoch(),
                blocks.seq(),
                blocks.firstLba(),
                blocks.count(),
                blocks.crc32c() & UNSIGNED,
                blocks.last(),
                blocks.payload());
    }

    public static BaseBlocks blocks(BaseChunk chunk) {
        return new BaseBlocks(
                chunk.getSessionId(),
                chunk.getEpoch(),
                chunk.getSeq(),
                chunk.getFirstLba(),
                chunk.getCount(),
                (int) chunk.getCrc32c(),
                chunk.getLast(),
                chunk.getPayload());
    }

    /**
     * Whether the sender's entry at an LSN is of this epoch, if the batch reaches there. One epoch has one primary: entries of
     * the same LSN and epoch are the same, and so is all before them; of another epoch they are not, and none that only one
     * of both knows passes for the other's [A8].
     */
    public static boolean isOfHistory(WalBatch batch, long lsn, long epoch) {
        if (lsn < firstLsn(batch) - 1 || lsn > lastLsn(batch)) {
            return true;
        }
        long theirs = lsn < firstLsn(batch)
                ? batch.getPreviousEpoch()
                : batch.getEntries().get((int) (lsn - firstLsn(batch))).getEpoch();
        return theirs == epoch;
    }

    public static long firstLsn(WalBatch batch) {
        return batch.getEntries().get(0).getLsn();
    }

    public static long lastLsn(WalBatch batch) {
        return batch.getEntries().get(batch.getEntries().size() - 1).getLsn();
    }

    /** Payload bytes of entries. */
    public static long payloadBytes(List<WalEntry> entries) {
        long bytes = 0;
        for (WalEntry entry : entries) {
            bytes += entry.payload().remaining();
        }
        return bytes;
    }
}
