package io.keepup.volume;

import io.keepup.volume.VolumeException.Kind;
import java.util.List;

/** Checks entries that came from elsewhere, before any effect. */
final class WalIntake {
    private WalIntake() {}

    /** @throws VolumeException {@code ENTRY_CORRUPT} when an entry above {@code head} is damaged or does not fit the volume */
    static void verify(VolumeSpec spec, List<WalEntry> batch, long head) {
        for (WalEntry e : batch) {
            if (e.lsn() > head && !(fits(spec, e) && e.verify())) {
                throw new VolumeException(
                        Kind.ENTRY_CORRUPT,
                        "WAL entry " + e.lsn() + " for volume " + spec.volumeId()
                                + " is damaged: have the primary send it again.");
            }
        }
    }

    /**
     * The entries of the batch that follow {@code head}; those at or below it are duplicates and left out [R7].
     *
     * @param headEpoch epoch of the entry at {@code head}; 0 when not known
     * @param volumeEpoch no entry may be of a later epoch
     * @throws VolumeException {@code GAP}, {@code STALE_EPOCH}
     */
    static List<WalEntry> following(
            VolumeSpec spec, List<WalEntry> batch, long head, long headEpoch, long volumeEpoch) {
        int skip = 0;
        while (skip < batch.size() && batch.get(skip).lsn() <= head) {
            skip++;
        }
        long lsn = head;
        long epoch = headEpoch;
        for (WalEntry e : batch.subList(skip, batch.size())) {
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
        return batch.subList(skip, batch.size());
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
}
