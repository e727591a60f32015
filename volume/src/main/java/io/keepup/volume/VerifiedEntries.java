package io.keepup.volume;

import io.keepup.volume.VolumeException.Kind;
import io.keepup.volume.extent.BlockChecksums;
import java.util.ArrayList;
import java.util.List;

/**
 * Entries that came from elsewhere, found undamaged and to fit the volume, with the checksums of their blocks: the one look at
 * their payload gives both.
 */
public final class VerifiedEntries {
    private static final int[] NO_BLOCKS = {};

    private final List<WalEntry> entries;
    private final List<int[]> checksums;

    private VerifiedEntries(List<WalEntry> entries, List<int[]> checksums) {
        this.entries = entries;
        this.checksums = checksums;
    }

    /**
     * Verifies all entries but the first ones that are at or below {@code head}: those are duplicates, and left out [R7].
     *
     * @throws VolumeException {@code ENTRY_CORRUPT}
     */
    static VerifiedEntries of(VolumeSpec spec, BlockChecksums blocks, List<WalEntry> batch, long head) {
        int skip = 0;
        while (skip < batch.size() && batch.get(skip).lsn() <= head) {
            skip++;
        }
        List<WalEntry> entries = batch.subList(skip, batch.size());
        List<int[]> checksums = new ArrayList<>(entries.size());
        for (WalEntry entry : entries) {
            int[] sums = fits(spec, entry) ? blocks.of(entry.payload()) : NO_BLOCKS;
            if (!fits(spec, entry) || blocks.joined(entry.fieldsChecksum(), sums) != entry.crc32c()) {
                throw new VolumeException(
                        Kind.ENTRY_CORRUPT,
                        "WAL entry " + entry.lsn() + " for volume " + spec.volumeId()
                                + " is damaged: have the primary send it again.");
            }
            checksums.add(sums);
        }
        return new VerifiedEntries(entries, checksums);
    }

    private static boolean fits(VolumeSpec spec, WalEntry e) {
        long bytes = e.kind() == WalEntryKind.WRITE ? (long) e.blocks() * spec.blockSize() : 0;
        return e.lsn() > 0
                && e.blocks() > 0
                && e.lba() >= 0
                && e.lba() <= spec.blocks() - e.blocks()
                && bytes <= WalEntry.MAX_PAYLOAD
                && e.payload().remaining() == bytes;
    }

    /**
     * Those of them that follow {@code head}.
     *
     * @param headEpoch epoch of the entry at {@code head}; 0 when not known
     * @param volumeEpoch no entry may be of a later epoch
     * @throws VolumeException {@code GAP}, {@code STALE_EPOCH}
     */
    VerifiedEntries following(VolumeSpec spec, long head, long headEpoch, long volumeEpoch) {
        int skip = 0;
        while (skip < entries.size() && entries.get(skip).lsn() <= head) {
            skip++;
        }
        long lsn = head;
        long epoch = headEpoch;
        for (WalEntry e : entries.subList(skip, entries.size())) {
            if (e.leavesGapAfter(lsn) || e.lsn() <= lsn) {
                throw new VolumeException(
                        Kind.GAP,
                        "WAL entry " + e.lsn() + " does not follow " + lsn + " in volume " + spec.volumeId()
                                + ": entries are missing, wait for a session.");
            }
            if (e.epoch() < epoch || e.epoch() > volumeEpoch) {
                throw new VolumeException(
                        Kind.STALE_EPOCH,
                        "WAL entry " + e.lsn() + " for volume " + spec.volumeId() + " is of epoch " + e.epoch()
                                + ", expected " + epoch + " to " + volumeEpoch + ": it is not of this history.");
            }
            lsn = e.lsn();
            epoch = e.epoch();
        }
        return new VerifiedEntries(entries.subList(skip, entries.size()), checksums.subList(skip, checksums.size()));
    }

    /** How many. */
    public int size() {
        return entries.size();
    }

    /** The entry at that index. */
    public WalEntry entry(int index) {
        return entries.get(index);
    }

    /** The checksums of its blocks; none of a trim. */
    public int[] blockChecksums(int index) {
        return checksums.get(index);
    }

    /** Bytes of data. */
    public long payloadBytes() {
        long bytes = 0;
        for (WalEntry entry : entries) {
            bytes += entry.payload().remaining();
        }
        return bytes;
    }
}
