package io.keepup.volume;

import io.keepup.volume.VolumeException.Kind;
import io.keepup.volume.extent.BlockStore;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;

/**
 * One rebuild of a volume: the base lane fills the extent, the WAL lane goes through the local WAL, at the same time, and WAL
 * wins over base [R1]. Thread-safe.
 *
 * <p>How [R1] holds: WAL apply (append, then set the bits) and base apply (look at the bits, then write the extent) exclude each
 * other. A base write before the apply of that LBA is covered by the dirty map and overwritten by any later flush; after it, the
 * bit is set and the base is skipped. A flush writes only blocks whose bit is set, so it can run against both lanes.
 *
 * <p>The session starts on an extent of zeros, so runs of zeros cost no I/O.
 */
public final class RebuildSession {
    private final VolumeCore core;
    private final RebuildBounds bounds;
    private final FlushTrigger flushTrigger;
    private final RebuildBitmap bitmap;
    private final BaseLedger ledger;

    // Changed under the core's gate.
    private volatile SessionEnd ended;
    private volatile Completion completion;
    private volatile BaseEnd baseEnd;
    private volatile RebuildProgress counters;
    private long checkpointLsn;
    private long checkpointEpoch;

    /** The end of the base as it was verified. */
    private record BaseEnd(long chunks, int digest, long headLsn) {}

    RebuildSession(VolumeCore core, RebuildBounds bounds, FlushTrigger flushTrigger) {
        this.core = core;
        this.bounds = bounds;
        this.flushTrigger = flushTrigger;
        long blocks = core.spec.blocks();
        this.bitmap = new RebuildBitmap(blocks);
        this.ledger = new BaseLedger(blocks);
        this.checkpointLsn = bounds.baseLsn();
        this.checkpointEpoch = bounds.baseEpoch();
        this.counters =
                new RebuildProgress(RebuildPhase.ACCEPTED, 0, blocks, 0, 0, 0, 0, bounds.baseLsn(), bounds.baseLsn());
    }

    /** What the session was started with. */
    public RebuildBounds bounds() {
        return bounds;
    }

    /**
     * Applies WAL entries, contiguous from {@code baseLsn + 1}, and makes them durable with one fsync. Entries applied before
     * are left out. A gap or a damaged entry fails the session, before anything of the batch is applied [R7].
     *
     * @throws VolumeException {@code GAP}, {@code ENTRY_CORRUPT}; {@code STALE_SESSION}, {@code STALE_EPOCH},
     *     {@code SESSION_ENDED}: refused, the session is untouched [R4]
     */
    public void applyWal(long sessionId, long epoch, List<WalEntry> batch) {
        requireLive(sessionId, epoch);
        VerifiedEntries[] verified = new VerifiedEntries[1];
        failingAs(SessionEnd.TRANSPORT_LOST, () -> verified[0] = core.verify(batch));
        applyWal(sessionId, epoch, verified[0]);
    }

    /** As {@link #applyWal(long, long, List)}, of entries that were verified. */
    public void applyWal(long sessionId, long epoch, VerifiedEntries batch) {
        requireLive(sessionId, epoch);
        flushTrigger.beforeWrite();
        core.gate.lock();
        try {
            requireLive(sessionId, epoch);
            failingAs(SessionEnd.TRANSPORT_LOST, () -> append(batch));
        } finally {
            core.gate.unlock();
        }
        core.wal.sync();
        core.gate.lock();
        try {
            if (live()) {
                counters = counters.durable(core.wal.durableLsn());
            }
        } finally {
            core.gate.unlock();
        }
    }

    /**
     * Applies a base chunk: blocks whose bit is clear. A chunk applied before is left out; chunks come in any order. A damaged
     * chunk, or two of one seq that differ, fail the session [R8].
     *
     * @throws VolumeException {@code CHUNK_CORRUPT}; {@code STALE_SESSION}, {@code STALE_EPOCH}, {@code SESSION_ENDED}:
     *     refused, the session is untouched [R4]
     */
    public ChunkOutcome applyBase(BaseBlocks chunk) {
        requireIds(chunk.sessionId(), chunk.epoch());
        boolean intact = fits(chunk) && chunk.verify();
        core.gate.lock();
        try {
            requireNotEnded();
            if (!intact) {
                throw failed(
                        SessionEnd.SNAPSHOT_UNAVAILABLE, Kind.CHUNK_CORRUPT, "chunk " + chunk.seq() + " is damaged");
            }
            return switch (ledger.check(chunk)) {
                case NEW -> {
                    if (baseEnd != null) {
                        throw failed(
                                SessionEnd.SNAPSHOT_UNAVAILABLE,
                                Kind.CHUNK_CORRUPT,
                                "chunk " + chunk.seq() + " came after the end of the base");
                    }
                    yield write(chunk);
                }
                case DUPLICATE -> new ChunkOutcome(0, chunk.count());
                case CONFLICT ->
                    throw failed(
                            SessionEnd.SNAPSHOT_UNAVAILABLE,
                            Kind.CHUNK_CORRUPT,
                            "chunk " + chunk.seq() + " came twice and differs");
            };
        } finally {
            core.gate.unlock();
        }
    }

    /**
     * The sender's end of the base: number of chunks, coverage of every block and the digest must be right, else the session
     * fails [R8]. The same again is a no-op.
     *
     * @param digest as {@link BaseDigest} computes it
     * @param headLsn the primary's head after it read the last block: no base block is newer, so the session completes only
     *     at or above it
     * @throws VolumeException {@code BASE_INCOMPLETE}; {@code STALE_SESSION}, {@code STALE_EPOCH}, {@code SESSION_ENDED}
     */
    public void markBaseComplete(long sessionId, long epoch, long chunks, int digest, long headLsn) {
        requireIds(sessionId, epoch);
        core.gate.lock();
        try {
            requireNotEnded();
            BaseEnd end = new BaseEnd(chunks, digest, headLsn);
            if (end.equals(baseEnd)) {
                return;
            }
            String problem = baseEnd != null ? "its end came twice and differs" : ledger.problem(chunks, digest);
            if (problem == null && headLsn < bounds.baseLsn()) {
                problem = "its head " + headLsn + " is below the base";
            }
            if (problem != null) {
                throw failed(
                        SessionEnd.SNAPSHOT_UNAVAILABLE, Kind.BASE_INCOMPLETE, "the base is not whole: " + problem);
            }
            baseEnd = end;
        } finally {
            core.gate.unlock();
        }
    }

    /**
     * Completes when the base is whole and applied ≥ max(target, head) [R2]: fsyncs extent and WAL, then clears the marker and
     * sets the checkpoint in one superblock state [R6]. Latches: asked again, it answers the same.
     *
     * @return empty while something is missing
     * @throws VolumeException {@code SESSION_ENDED} when the session failed, was cancelled or superseded
     */
    public Optional<Completion> tryComplete() {
        if (completion == null && !reachedTarget()) {
            requireNotEnded();
            return Optional.empty();
        }
        if (completion == null) {
            // Most of the work, before the locks: the fsync under them finds little left.
            core.store.extent().force();
        }
        core.flushLock.lock();
        core.gate.lock();
        try {
            requireNotEnded();
            if (completion == null) {
                completion = complete();
            }
            return Optional.of(completion);
        } finally {
            core.gate.unlock();
            core.flushLock.unlock();
        }
    }

    /** Ends the session; the marker stays [R6]. No-op when it had ended or completed. */
    public void cancel(SessionEnd reason) {
        core.gate.lock();
        try {
            end(reason);
        } finally {
            core.gate.unlock();
        }
    }

    /** Why the session ended without completing; empty while live and after completion. */
    public Optional<SessionEnd> ended() {
        return Optional.ofNullable(ended);
    }

    /** Counters so far. Does not wait for anything. */
    public RebuildProgress progress() {
        return counters.inPhase(phase());
    }

    /** Neither ended nor completed. */
    boolean live() {
        return ended == null && completion == null;
    }

    /** Ends the session if it is live. Gate held. */
    void end(SessionEnd reason) {
        if (live()) {
            ended = reason;
        }
    }

    /** The extent now holds everything the WAL lane brought up to there. Flush lock held. */
    void flushed(BlockStore.Flushed flushed) {
        if (flushed.lsn() > checkpointLsn) {
            checkpointLsn = flushed.lsn();
            checkpointEpoch = flushed.epoch();
        }
    }

    private boolean reachedTarget() {
        BaseEnd end = baseEnd;
        return end != null && counters.walAppliedLsn() >= Math.max(bounds.targetLsn(), end.headLsn());
    }

    private Completion complete() {
        long achieved = core.wal.sync();
        core.store.extent().force();
        core.superblock.update(now -> now.rebuildCompleted(
                checkpointLsn, checkpointEpoch, bounds.baseLsn() + 1, bounds.baseEpoch(), achieved));
        counters = counters.durable(achieved);
        return new Completion(achieved, achieved, counters.inPhase(RebuildPhase.COMPLETED));
    }

    private void append(VerifiedEntries batch) {
        long head = counters.walAppliedLsn();
        VerifiedEntries next = batch.following(core.spec, head, core.wal.epochOf(head), bounds.epoch());
        core.wal.appendLock().lock();
        try {
            core.store.apply(next, this::applied);
        } finally {
            core.wal.appendLock().unlock();
        }
    }

    /** [R1] The bit goes up when the entry is in the local WAL, not before. */
    private void applied(WalEntry entry) {
        bitmap.set((int) entry.lba(), entry.blocks());
        counters = counters.applied(entry);
    }

    private ChunkOutcome write(BaseBlocks chunk) {
        int blockSize = core.spec.blockSize();
        int first = (int) chunk.firstLba();
        int end = first + chunk.count();
        ByteBuffer payload = chunk.payload();
        int written = 0;
        int from = bitmap.nextClear(first, end);
        while (from < end) {
            int to = bitmap.nextSet(from, end);
            if (payload != null) {
                ByteBuffer run = payload.slice((from - first) * blockSize, (to - from) * blockSize);
                core.store.extent().writeBase(from, run);
            }
            written += to - from;
            from = bitmap.nextClear(to, end);
        }
        ledger.add(chunk);
        counters = counters.base(chunk, written, blockSize);
        return new ChunkOutcome(written, chunk.count() - written);
    }

    private boolean fits(BaseBlocks chunk) {
        long blocks = core.spec.blocks();
        ByteBuffer payload = chunk.payload();
        return chunk.seq() >= 0
                && chunk.seq() < blocks
                && chunk.count() > 0
                && chunk.firstLba() >= 0
                && chunk.firstLba() <= blocks - chunk.count()
                && (payload == null || payload.remaining() == (long) chunk.count() * core.spec.blockSize());
    }

    private RebuildPhase phase() {
        if (completion != null) {
            return RebuildPhase.COMPLETED;
        }
        if (ended != null) {
            return RebuildPhase.FAILED;
        }
        if (baseEnd != null) {
            return RebuildPhase.BASE_COMPLETE;
        }
        RebuildProgress now = counters;
        boolean untouched = now.baseBlocksDone() == 0 && now.walAppliedLsn() == bounds.baseLsn();
        return untouched ? RebuildPhase.ACCEPTED : RebuildPhase.RUNNING;
    }

    private void requireLive(long sessionId, long epoch) {
        requireIds(sessionId, epoch);
        requireNotEnded();
        if (completion != null) {
            throw refused(Kind.SESSION_ENDED, "is complete: go on with the live lane");
        }
    }

    /** [R4] Ids of another session or epoch are refused and change nothing. */
    private void requireIds(long sessionId, long epoch) {
        if (sessionId != bounds.sessionId()) {
            throw refused(Kind.STALE_SESSION, "is not session " + sessionId + ": drop what belongs to that one");
        }
        if (epoch != bounds.epoch()) {
            throw refused(Kind.STALE_EPOCH, "is of epoch " + bounds.epoch() + ", not " + epoch + ": drop it");
        }
    }

    private void requireNotEnded() {
        core.requireOpen();
        SessionEnd reason = ended;
        if (reason != null) {
            throw refused(Kind.SESSION_ENDED, "ended (" + reason + "): wait for the next session");
        }
    }

    private void failingAs(SessionEnd reason, Runnable action) {
        try {
            action.run();
        } catch (VolumeException e) {
            switch (e.kind()) {
                case GAP, ENTRY_CORRUPT, STALE_EPOCH -> cancel(reason);
                default -> {
                    // Of the disk, not of the lane: the caller may free space and send the batch again.
                }
            }
            throw e;
        }
    }

    private VolumeException failed(SessionEnd reason, Kind kind, String what) {
        end(reason);
        return refused(kind, "failed, " + what + ": wait for the next session");
    }

    private VolumeException refused(Kind kind, String rest) {
        return core.refused(kind, "rebuild session " + bounds.sessionId() + " " + rest);
    }
}
