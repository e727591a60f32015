package io.keepup.node.replica;

import io.keepup.node.NodeContext;
import io.keepup.node.NodeCounter;
import io.keepup.node.RecoveryLimits;
import io.keepup.node.event.NodeEvents.Position;
import io.keepup.node.event.NodeEvents.Result;
import io.keepup.node.event.NodeEvents.SessionRef;
import io.keepup.node.lane.BaseLaneReader;
import io.keepup.node.lane.LaneRecords;
import io.keepup.node.lane.WalLaneReader;
import io.keepup.v1.BaseChunk;
import io.keepup.v1.BaseEnd;
import io.keepup.v1.BaseManifest;
import io.keepup.v1.FailureReason;
import io.keepup.v1.IssueRebuild;
import io.keepup.v1.SessionCause;
import io.keepup.v1.SessionPhase;
import io.keepup.v1.WaitingFor;
import io.keepup.volume.Completion;
import io.keepup.volume.RebuildBounds;
import io.keepup.volume.RebuildProgress;
import io.keepup.volume.RebuildSession;
import io.keepup.volume.VerifiedEntries;
import io.keepup.volume.Volume;
import io.keepup.volume.VolumeSpec;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;

/**
 * Rebuilds the volume over two lanes at once: the base in a task of its own, the WAL in the session's. Nothing local is
 * touched before the primary's manifest fixed the base's LSN.
 */
final class Rebuild extends RecoverySession {

    private static final Duration POLL = Duration.ofMillis(200);
    /** While only the base is missing its end, how long an idle WAL lane may hide it. */
    private static final Duration WAL_POLL = Duration.ofMillis(20);

    private final long targetLsn;
    private final boolean discardLocal;
    private final ChunkCount chunks = new ChunkCount();
    private volatile RebuildSession session;
    private volatile long goalLsn;
    private volatile long baseLaneBytes;
    private volatile long walLaneBytes;
    private volatile RuntimeException baseFailure;

    Rebuild(
            NodeContext context,
            Volume volume,
            SessionRef ref,
            IssueRebuild command,
            RecoverySession previous,
            Ended listener) {
        super(context, volume, ref, command.getCause(), previous, listener);
        this.targetLsn = command.getTargetLsn();
        this.goalLsn = targetLsn;
        SessionCause cause = command.getCause();
        // [R5] In these cases the decision itself says that the local checkpoint proves nothing.
        this.discardLocal = cause == SessionCause.diverged || cause == SessionCause.local_corrupt;
    }

    @Override
    protected Outcome recover() {
        if (targetLsn <= 0) { // [R5] refused before any effect
            throw new SessionFault(FailureReason.snapshot_unavailable, "a rebuild to LSN 0 has no base");
        }
        try (RecoveryLimits.Slot turn = context.limits().rebuild()) {
            awaitTurn(turn.granted(), WaitingFor.rebuild_slot);
            return rebuild();
        }
    }

    private Outcome rebuild() {
        try (BaseLaneReader base = new BaseLaneReader(context, task(), ref.volumeId(), ref.sessionId(), ref.epoch())) {
            BaseManifest manifest = awaitManifest(base);
            session = volume.rebuild()
                    .start(new RebuildBounds(
                            ref.sessionId(),
                            ref.epoch(),
                            manifest.getBaseLsn(),
                            manifest.getBaseEpoch(),
                            targetLsn,
                            discardLocal));
            moved();
            CompletableFuture<Void> baseLane =
                    context.tasks().start(task() + "-base", () -> runBaseLane(base, manifest));
            try {
                return runWalLane(manifest);
            } finally {
                stopBaseLane(baseLane);
            }
        }
    }

    private BaseManifest awaitManifest(BaseLaneReader base) {
        while (true) {
            check();
            Optional<BaseLaneReader.Received> first = base.poll(POLL);
            if (first.isPresent()) {
                if (first.get().record() instanceof BaseManifest manifest) {
                    requireSameGeometry(manifest);
                    return manifest;
                }
                throw new SessionFault(FailureReason.snapshot_unavailable, "the primary does not serve the base");
            }
        }
    }

    private void requireSameGeometry(BaseManifest manifest) {
        VolumeSpec spec = volume.status().spec();
        if (!manifest.getVolumeId().equals(ref.volumeId())
                || manifest.getBlockSize() != spec.blockSize()
                || manifest.getBlocks() != spec.blocks()) {
            throw new SessionFault(
                    FailureReason.snapshot_unavailable,
                    "the base is of %s with %s blocks of %s bytes, the volume has %s of %s"
                            .formatted(
                                    manifest.getVolumeId(),
                                    manifest.getBlocks(),
                                    manifest.getBlockSize(),
                                    spec.blocks(),
                                    spec.blockSize()));
        }
    }

    private void runBaseLane(BaseLaneReader base, BaseManifest manifest) {
        try {
            boolean whole = false;
            while (!whole && baseFailure == null) {
                check();
                Optional<BaseLaneReader.Received> next = base.poll(POLL);
                if (next.isPresent()) {
                    whole = take(next.get(), manifest);
                }
            }
        } catch (RuntimeException e) {
            baseFailure = e;
        } catch (Error e) {
            baseFailure = new IllegalStateException("the base lane broke off: " + e, e);
            throw e;
        }
    }

    /** Whether that was the end of the base. */
    private boolean take(BaseLaneReader.Received next, BaseManifest manifest) {
        switch (next.record()) {
            case BaseChunk chunk -> {
                session.applyBase(LaneRecords.blocks(chunk));
                chunks.add(chunk.getSeq());
                baseLaneBytes += next.bytes();
                moved();
                received(next.bytes());
                return false;
            }
            case BaseEnd end -> {
                completeBase(end, manifest);
                return true;
            }
            default -> {
                return false; // the manifest again
            }
        }
    }

    private void completeBase(BaseEnd end, BaseManifest manifest) {
        if (end.getChunks() == 0) {
            throw new SessionFault(FailureReason.snapshot_unavailable, "the primary gave up serving the base");
        }
        // The manifest has no checksum: a boundary above the true one would leave entries out, and nobody would know.
        boolean same = end.getBaseLsn() == manifest.getBaseLsn() && end.getBaseEpoch() == manifest.getBaseEpoch();
        if (end.getBaseLsn() >= 0 && !same) {
            throw new SessionFault(
                    FailureReason.snapshot_unavailable,
                    "the base began at LSN %s of epoch %s and ends as one at LSN %s of epoch %s"
                            .formatted(
                                    manifest.getBaseLsn(),
                                    manifest.getBaseEpoch(),
                                    end.getBaseLsn(),
                                    end.getBaseEpoch()));
        }
        session.markBaseComplete(
                ref.sessionId(), ref.epoch(), end.getChunks(), (int) end.getDigest(), end.getHeadLsn());
        goalLsn = Math.max(targetLsn, end.getHeadLsn());
        moved();
    }

    private Outcome runWalLane(BaseManifest manifest) {
        long baseLsn = manifest.getBaseLsn();
        OptionalLong baseEpoch =
                manifest.getBaseEpoch() > 0 ? OptionalLong.of(manifest.getBaseEpoch()) : OptionalLong.empty();
        try (WalLaneReader lane =
                WalLaneReader.open(context, task(), volume, ref.epoch(), baseLsn + 1, baseEpoch, baseLsn)) {
            while (true) {
                check();
                if (baseFailure != null) {
                    throw baseFailure;
                }
                Optional<Completion> completion = session.tryComplete();
                if (completion.isPresent()) {
                    return new Outcome(result(completion.get()), lane.nextOffset());
                }
                Optional<VerifiedEntries> entries = lane.poll(WAL_POLL);
                long came = lane.bytes() - walLaneBytes;
                walLaneBytes += came;
                if (entries.isPresent()) {
                    session.applyWal(ref.sessionId(), ref.epoch(), entries.get());
                    context.metrics()
                            .add(NodeCounter.WAL_ENTRIES_APPLIED, entries.get().size());
                    moved();
                }
                received(came);
            }
        }
    }

    private static Result result(Completion completion) {
        return new Result(completion.durableLsn(), completion.achievedLsn(), true);
    }

    private void stopBaseLane(CompletableFuture<Void> baseLane) {
        if (baseFailure == null) {
            baseFailure = new SessionFault(FailureReason.cancelled, "the session ended");
        }
        context.tasks().await(baseLane);
    }

    /** When the volume ended the session it knows why; the lane that saw it may only have met the closed door. */
    @Override
    protected FailureReason reason(RuntimeException failure) {
        RebuildSession started = session;
        return Optional.ofNullable(started)
                .flatMap(RebuildSession::ended)
                .map(FailureReasons::of)
                .orElseGet(() -> FailureReasons.of(failure));
    }

    @Override
    protected void abort(FailureReason reason) {
        RebuildSession started = session;
        if (started != null) {
            started.cancel(FailureReasons.toVolume(reason));
        }
    }

    @Override
    protected Position position() {
        RebuildSession started = session;
        long blocks = volume.status().spec().blocks();
        if (started == null) {
            return new Position(SessionPhase.accepted, 0, 0, 0, blocks, 0, 0);
        }
        RebuildProgress at = started.progress();
        SessionPhase phase =
                switch (at.phase()) {
                    case ACCEPTED -> SessionPhase.accepted;
                    case RUNNING -> SessionPhase.running;
                    case BASE_COMPLETE -> SessionPhase.base_complete;
                    case COMPLETED -> SessionPhase.completed;
                    case FAILED -> SessionPhase.failed;
                };
        return new Position(
                phase,
                at.durableLsn(),
                at.walAppliedLsn(),
                at.baseBlocksDone(),
                at.baseBlocksTotal(),
                baseLaneBytes,
                walLaneBytes);
    }

    @Override
    long durableLsn() {
        RebuildSession started = session;
        return started == null ? 0 : started.progress().durableLsn();
    }

    /** Chunks of the base applied without gap from the first on: the primary sends a window ahead of them. */
    @Override
    long baseChunks() {
        return chunks.value();
    }

    @Override
    protected long goalLsn() {
        return goalLsn;
    }

    @Override
    protected Brought brought() {
        RebuildSession started = session;
        if (started == null) {
            return new Brought(0, 0, 0, 0);
        }
        RebuildProgress at = started.progress();
        return new Brought(at.baseBytes(), at.walBytes(), at.zeroBytes(), at.skippedBlocks());
    }
}
