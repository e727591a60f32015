package io.keepup.node.replica;

import io.keepup.node.NodeContext;
import io.keepup.node.NodeCounter;
import io.keepup.node.event.NodeEvents.Position;
import io.keepup.node.event.NodeEvents.Result;
import io.keepup.node.event.NodeEvents.SessionRef;
import io.keepup.node.lane.LaneLostException;
import io.keepup.node.lane.WalLaneReader;
import io.keepup.v1.FailureReason;
import io.keepup.v1.IssueCatchUp;
import io.keepup.v1.SessionPhase;
import io.keepup.volume.VerifiedEntries;
import io.keepup.volume.Volume;
import io.keepup.volume.VolumeStatus;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;

/** Reads the WAL lane from what the volume has now [C2] to the frozen target [C1]. */
final class CatchUp extends RecoverySession {

    private static final Duration POLL = Duration.ofMillis(200);

    private final long targetLsn;
    private volatile long applied;
    private volatile long durable;
    private volatile long bytes;
    private volatile long walBytes;

    CatchUp(
            NodeContext context,
            Volume volume,
            SessionRef ref,
            IssueCatchUp command,
            RecoverySession previous,
            Ended listener) {
        super(context, volume, ref, command.getCause(), previous, listener);
        this.targetLsn = command.getTargetLsn();
        this.applied = volume.status().appliedLsn();
        this.durable = volume.status().durableLsn();
    }

    @Override
    protected Outcome recover() {
        VolumeStatus status = volume.status();
        if (!status.recoverable()) {
            FailureReason reason =
                    status.fault() == null ? FailureReason.snapshot_unavailable : FailureReasons.of(status.fault());
            throw new SessionFault(reason, "the local data is unproven, only a rebuild mends it");
        }
        applied = status.appliedLsn();
        try (WalLaneReader lane = WalLaneReader.open(
                        context,
                        task(),
                        volume,
                        ref.epoch(),
                        applied + 1,
                        OptionalLong.of(status.appliedEpoch()),
                        targetLsn);
                SyncBehind sync = new SyncBehind(context, task() + "-sync", volume)) {
            while (applied < targetLsn) {
                check();
                Optional<VerifiedEntries> entries = lane.poll(POLL);
                long came = lane.bytes() - bytes;
                if (came > 0) {
                    bytes = lane.bytes();
                    moved(); // also while a new primary ships again what this replica has
                }
                entries.ifPresent(e -> apply(e, sync));
                received(came);
            }
            durable = sync.finish();
            return new Outcome(new Result(durable, applied, false), lane.nextOffset());
        }
    }

    private void apply(VerifiedEntries entries, SyncBehind sync) {
        if (entries.entry(0).leavesGapAfter(applied)) {
            throw new LaneLostException("after LSN %s the WAL lane of volume %s holds LSN %s"
                    .formatted(applied, ref.volumeId(), entries.entry(0).lsn()));
        }
        context.metrics().add(NodeCounter.WAL_ENTRIES_APPLIED, volume.applyUnsynced(entries));
        long payload = entries.payloadBytes();
        walBytes += payload;
        applied = Math.max(applied, entries.entry(entries.size() - 1).lsn());
        boolean room = sync.applied(payload);
        while (!room) {
            check();
            room = sync.awaitRoom();
        }
        durable = sync.durableLsn();
        moved();
    }

    @Override
    protected Position position() {
        SessionPhase phase = bytes == 0 ? SessionPhase.accepted : SessionPhase.running;
        return new Position(phase, durable, applied, 0, 0, 0, bytes);
    }

    @Override
    protected long goalLsn() {
        return targetLsn;
    }

    @Override
    protected Brought brought() {
        return new Brought(0, walBytes, 0, 0);
    }

    @Override
    long durableLsn() {
        return durable;
    }
}
