package io.keepup.node.replica;

import io.keepup.node.NodeContext;
import io.keepup.node.NodeCounter;
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
import io.keepup.volume.Completion;
import io.keepup.volume.RebuildBounds;
import io.keepup.volume.RebuildProgress;
import io.keepup.volume.RebuildSession;
import io.keepup.volume.Volume;
import io.keepup.volume.VolumeSpec;
import io.keepup.volume.WalEntry;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.apache.avro.specific.SpecificRecord;

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
    private volatile RebuildSession session;
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
        super(context, volume, ref, command.getDeadline(), previous, listener);
        this.targetLsn = command.getTargetLsn();
        SessionCause cause = command.getCause();
        // [R5] In these cases the decision itself says that the local checkpoint proves nothing.
        this.discardLocal = cause == SessionCause.diverged || cause == SessionCause.local_corrupt;
    }

    @Override
    protected Outcome recover() {
        if (targetLsn <= 0) { // [R5] refused before any effect
            throw new SessionFault(FailureReason.snapshot_unavailable, "a rebuild to LSN 0 has no base");
        }
        try (BaseLaneReader base = new BaseLaneReader(context, ref.volumeId(), ref.sessionId(), ref.epoch())) {
            BaseRecords records = new BaseRecords(base);
            BaseManifest manifest = awaitManifest(records);
            session = volume.rebuild()
                    .start(new RebuildBounds(
                            ref.sessionId(), ref.epoch(), manifest.getBaseLsn(), targetLsn, discardLocal));
            moved();
            CompletableFuture<Void> baseLane = context.tasks().start(task() + "-base", () -> runBaseLane(records));
            try {
                return runWalLane(manifest.getBaseLsn());
            } finally {
                stopBaseLane(baseLane);
            }
        }
    }

    private BaseManifest awaitManifest(BaseRecords records) {
        while (true) {
            check();
            SpecificRecord first = records.next();
            if (first instanceof BaseManifest manifest) {
                requireSameGeometry(manifest);
                return manifest;
            }
            if (first != null) {
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
                    "the base is of %s with %d blocks of %d bytes, the volume has %d of %d"
                            .formatted(
                                    manifest.getVolumeId(),
                                    manifest.getBlocks(),
                                    manifest.getBlockSize(),
                                    spec.blocks(),
                                    spec.blockSize()));
        }
    }

    private void runBaseLane(BaseRecords records) {
        try {
            while (baseFailure == null) {
                check();
                SpecificRecord record = records.next();
                if (record instanceof BaseChunk chunk) {
                    session.applyBase(LaneRecords.blocks(chunk));
                    baseLaneBytes = records.bytes();
                    moved();
                } else if (record instanceof BaseEnd end) {
                    completeBase(end);
                    return;
                }
            }
        } catch (RuntimeException e) {
            baseFailure = e;
        } catch (Error e) {
            baseFailure = new IllegalStateException("the base lane broke off: " + e, e);
            throw e;
        }
    }

    private void completeBase(BaseEnd end) {
        if (end.getChunks() == 0) {
            throw new SessionFault(FailureReason.snapshot_unavailable, "the primary gave up serving the base");
        }
        session.markBaseComplete(
                ref.sessionId(), ref.epoch(), end.getChunks(), (int) end.getDigest(), end.getHeadLsn());
        moved();
    }

    private Outcome runWalLane(long baseLsn) {
        try (WalLaneReader lane = WalLaneReader.open(context, task(), ref.volumeId(), ref.epoch(), baseLsn + 1, 0)) {
            while (true) {
                check();
                if (baseFailure != null) {
                    throw baseFailure;
                }
                Optional<Completion> completion = session.tryComplete();
                if (completion.isPresent()) {
                    return new Outcome(result(completion.get()), lane.nextOffset());
                }
                List<WalEntry> entries = lane.poll(WAL_POLL);
                walLaneBytes = lane.bytes();
                if (!entries.isEmpty()) {
                    session.applyWal(ref.sessionId(), ref.epoch(), entries);
                    context.metrics().add(NodeCounter.WAL_ENTRIES_APPLIED, entries.size());
                    moved();
                }
            }
        }
    }

    private static Result result(Completion completion) {
        RebuildProgress stats = completion.stats();
        return new Result(
                completion.durableLsn(),
                completion.achievedLsn(),
                true,
                stats.baseBytes(),
                stats.walBytes(),
                stats.zeroBytes(),
                stats.skippedBlocks());
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
            return new Position(SessionPhase.accepted, 0, 0, 0, blocks, 0);
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
                baseLaneBytes + walLaneBytes);
    }

    @Override
    long durableLsn() {
        RebuildSession started = session;
        return started == null ? 0 : started.progress().durableLsn();
    }

    /** The base lane's records one by one; first the session's task uses it, then only the base lane's. */
    private static final class BaseRecords {
        private final BaseLaneReader lane;
        private List<SpecificRecord> polled = List.of();
        private int next;

        BaseRecords(BaseLaneReader lane) {
            this.lane = lane;
        }

        /** The next record, or null when none came. */
        SpecificRecord next() {
            if (next == polled.size()) {
                polled = lane.poll(POLL);
                next = 0;
            }
            return polled.isEmpty() ? null : polled.get(next++);
        }

        long bytes() {
            return lane.bytes();
        }
    }
}
