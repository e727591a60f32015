package io.keepup.volume;

import java.util.List;
import java.util.Optional;

/** One rebuild of a volume: two lanes at once, WAL wins over base [R1]. Thread-safe. */
public final class RebuildSession {
    private final RebuildBounds bounds;

    RebuildSession(RebuildBounds bounds) {
        this.bounds = bounds;
    }

    /** What the session was started with. */
    public RebuildBounds bounds() {
        return bounds;
    }

    /** Applies WAL entries, contiguous from {@code baseLsn + 1}; duplicates are no-ops, a gap fails the session [R7]. One fsync. */
    public void applyWal(long sessionId, long epoch, List<WalEntry> batch) {
        throw new UnsupportedOperationException();
    }

    /** Applies a base chunk; blocks the WAL already wrote are skipped [R1]. Duplicates and any order are harmless [R8]. */
    public ChunkOutcome applyBase(BaseBlocks chunk) {
        throw new UnsupportedOperationException();
    }

    /** The sender's end of the base: verifies count, coverage and digest; a mismatch fails the session [R8]. */
    public void markBaseComplete(long sessionId, long epoch, long chunks, int digest, long headLsn) {
        throw new UnsupportedOperationException();
    }

    /** Completes when base and WAL are there [R2]; latches. Empty while something is missing. */
    public Optional<Completion> tryComplete() {
        throw new UnsupportedOperationException();
    }

    /** Ends the session; the marker stays [R6]. No-op when it had ended. */
    public void cancel(SessionEnd reason) {
        throw new UnsupportedOperationException();
    }

    /** Why the session ended without completing; empty while live and after completion. */
    public Optional<SessionEnd> ended() {
        throw new UnsupportedOperationException();
    }

    /** Counters so far. */
    public RebuildProgress progress() {
        throw new UnsupportedOperationException();
    }
}
