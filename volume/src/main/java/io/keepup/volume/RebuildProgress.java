package io.keepup.volume;

/**
 * Counters of a rebuild session; base and WAL apart. None goes backward.
 *
 * @param phase where it stands
 * @param baseBlocksDone blocks the base lane accounted for: written, zero or skipped
 * @param baseBlocksTotal blocks of the volume
 * @param skippedBlocks base blocks not written because the WAL had them already [R1]
 * @param baseBytes payload bytes written from the base
 * @param zeroBytes bytes that arrived as zero runs
 * @param walBytes payload bytes applied from WAL entries
 * @param walAppliedLsn newest LSN applied; {@code baseLsn} before the first
 * @param durableLsn newest LSN fsynced in the session; what a pin may follow [N2]
 */
public record RebuildProgress(
        RebuildPhase phase,
        long baseBlocksDone,
        long baseBlocksTotal,
        long skippedBlocks,
        long baseBytes,
        long zeroBytes,
        long walBytes,
        long walAppliedLsn,
        long durableLsn) {

    RebuildProgress inPhase(RebuildPhase now) {
        return new RebuildProgress(
                now,
                baseBlocksDone,
                baseBlocksTotal,
                skippedBlocks,
                baseBytes,
                zeroBytes,
                walBytes,
                walAppliedLsn,
                durableLsn);
    }

    RebuildProgress applied(WalEntry entry) {
        return new RebuildProgress(
                phase,
                baseBlocksDone,
                baseBlocksTotal,
                skippedBlocks,
                baseBytes,
                zeroBytes,
                walBytes + entry.payload().remaining(),
                entry.lsn(),
                durableLsn);
    }

    RebuildProgress base(BaseBlocks chunk, int written, int blockSize) {
        long bytes = (long) written * blockSize;
        boolean zeros = chunk.payload() == null;
        return new RebuildProgress(
                phase,
                baseBlocksDone + chunk.count(),
                baseBlocksTotal,
                skippedBlocks + chunk.count() - written,
                baseBytes + (zeros ? 0 : bytes),
                zeroBytes + (zeros ? bytes : 0),
                walBytes,
                walAppliedLsn,
                durableLsn);
    }

    RebuildProgress durable(long lsn) {
        return new RebuildProgress(
                phase,
                baseBlocksDone,
                baseBlocksTotal,
                skippedBlocks,
                baseBytes,
                zeroBytes,
                walBytes,
                walAppliedLsn,
                lsn);
    }
}
