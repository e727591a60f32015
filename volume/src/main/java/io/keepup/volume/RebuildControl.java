package io.keepup.volume;

import io.keepup.volume.VolumeException.Kind;
import io.keepup.volume.superblock.SuperblockState;
import java.util.Optional;

/** Starts rebuild sessions on a volume and knows the live one. Thread-safe. */
public final class RebuildControl {
    private final VolumeCore core;
    private final FlushTrigger flushTrigger;
    private volatile RebuildSession latest;

    RebuildControl(VolumeCore core, FlushTrigger flushTrigger) {
        this.core = core;
        this.flushTrigger = flushTrigger;
    }

    /**
     * Starts a session, or gives back the live (or completed) one when it has this id and these bounds [R4].
     *
     * <p>A higher id supersedes the live session. All refusals come before any effect [R5]. Then the durable rebuild
     * marker is written, and dirty map, local WAL and extent content of the earlier life are dropped [R6].
     *
     * @throws VolumeException {@code STALE_EPOCH}, {@code NOT_REPLICA}, {@code BAD_BOUNDS}, {@code CHECKPOINT_AHEAD},
     *     {@code STALE_SESSION} (a lower id, or one a restart cut short [R9]), {@code SESSION_ENDED} (this id failed)
     */
    public RebuildSession start(RebuildBounds bounds) {
        core.flushLock.lock();
        core.gate.lock();
        try {
            core.requireOpen();
            SuperblockState s = core.superblock.current();
            checkBounds(bounds, s);
            RebuildSession before = latest;
            if (before != null && before.bounds().sessionId() == bounds.sessionId()) {
                return again(before, bounds);
            }
            checkFresh(bounds, s);
            return begin(bounds);
        } finally {
            core.gate.unlock();
            core.flushLock.unlock();
        }
    }

    /** The live session: started, and neither completed nor ended. */
    public Optional<RebuildSession> active() {
        RebuildSession session = latest;
        return session != null && session.live() ? Optional.of(session) : Optional.empty();
    }

    /** The volume moved to another epoch. Gate held. */
    void epochChanged() {
        if (latest != null) {
            latest.end(SessionEnd.EPOCH_MISMATCH);
        }
    }

    /** Flushes within the live session, if there is one. Flush lock held, marker standing. */
    void flush() {
        RebuildSession session = latest;
        if (session != null && session.live()) {
            try {
                session.flushed(core.store.flush());
            } catch (VolumeException e) {
                if (e.kind() == Kind.NOT_RECOVERABLE) {
                    session.cancel(SessionEnd.LOCAL_WAL_CORRUPT);
                }
                throw e;
            }
        }
    }

    private void checkBounds(RebuildBounds bounds, SuperblockState s) {
        if (bounds.epoch() != s.epoch()) {
            throw core.refused(
                    Kind.STALE_EPOCH,
                    "is at epoch " + s.epoch() + ", session " + bounds.sessionId() + " at " + bounds.epoch()
                            + ": issue it for the current epoch");
        }
        if (s.role() != VolumeRole.REPLICA) {
            throw core.refused(
                    Kind.NOT_REPLICA, "is " + s.role() + " here, only a replica is rebuilt: assign it first");
        }
        if (bounds.sessionId() <= 0 || bounds.baseLsn() < 0 || bounds.baseEpoch() < 0 || bounds.targetLsn() <= 0) {
            throw core.refused(
                    Kind.BAD_BOUNDS,
                    "cannot be rebuilt with " + bounds + ": session and target must be above 0, the base not below");
        }
    }

    private RebuildSession again(RebuildSession session, RebuildBounds bounds) {
        if (!session.bounds().equals(bounds)) {
            throw core.refused(
                    Kind.BAD_BOUNDS,
                    "has session " + bounds.sessionId() + " with other bounds: use a higher session id");
        }
        session.ended().ifPresent(reason -> {
            throw core.refused(
                    Kind.SESSION_ENDED,
                    "had session " + bounds.sessionId() + ", it ended (" + reason + "): use a higher session id");
        });
        return session;
    }

    private void checkFresh(RebuildBounds bounds, SuperblockState s) {
        if (bounds.sessionId() <= s.lastSessionId()) {
            // [R4]; and [R9]: a session that a restart cut short is not resumed.
            throw core.refused(
                    Kind.STALE_SESSION,
                    "had session " + s.lastSessionId() + ", " + bounds.sessionId()
                            + " is stale: use a higher session id");
        }
        if (s.checkpointLsn() > bounds.baseLsn() && !bounds.discardLocal()) {
            throw core.refused(
                    Kind.CHECKPOINT_AHEAD,
                    "has its checkpoint at LSN " + s.checkpointLsn() + ", above the base at " + bounds.baseLsn()
                            + ": rebuild from a newer base");
        }
    }

    private RebuildSession begin(RebuildBounds bounds) {
        if (latest != null) {
            latest.end(SessionEnd.SUPERSEDED);
        }
        // [R6] From here on nothing the volume held counts, whatever happens next.
        core.superblock.update(now -> now.rebuildStarted(bounds.sessionId()));
        core.store.reset(bounds.baseLsn() + 1, bounds.baseEpoch());
        core.faultMended();
        latest = new RebuildSession(core, bounds, flushTrigger);
        return latest;
    }
}
