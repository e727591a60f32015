package io.keepup.streams;

import io.keepup.v1.AckKind;
import io.keepup.v1.AssignmentDelivered;
import io.keepup.v1.BarrierConfirmed;
import io.keepup.v1.CancelRequested;
import io.keepup.v1.FailureReason;
import io.keepup.v1.Meta;
import io.keepup.v1.NodeFault;
import io.keepup.v1.PrimarySilent;
import io.keepup.v1.ReadinessObserved;
import io.keepup.v1.RebuildRequested;
import io.keepup.v1.ReplicaEndpoint;
import io.keepup.v1.Role;
import io.keepup.v1.SessionCompleted;
import io.keepup.v1.SessionFailed;
import io.keepup.v1.SessionKind;
import io.keepup.v1.SessionPace;
import io.keepup.v1.SessionPhase;
import io.keepup.v1.SessionProgress;
import io.keepup.v1.SyncAck;
import io.keepup.v1.SyncAckReceived;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;

/** Makes the events of one volume, as master and nodes would say them; ids and times count up. */
public final class Events {

    private final String volumeId;
    private final Instant start;
    private String primary = "vs-1";
    private long count;

    public Events(String volumeId) {
        this(volumeId, Instant.ofEpochMilli(1_700_000_000_000L));
    }

    /** The first event is said a second after the start. */
    public Events(String volumeId, Instant start) {
        this.volumeId = volumeId;
        this.start = start;
    }

    /** From now on the node that speaks as the primary. */
    public void primaryIs(String nodeId) {
        primary = nodeId;
    }

    public Meta meta(String nodeId, long epoch) {
        count++;
        return new Meta(
                "%s-e%d".formatted(volumeId, count),
                volumeId,
                nodeId,
                epoch,
                start.plusSeconds(count),
                "node/" + nodeId);
    }

    public AssignmentDelivered primary(long epoch, String... replicaIds) {
        List<ReplicaEndpoint> replicas = Arrays.stream(replicaIds)
                .map(id -> new ReplicaEndpoint(id, id + ":4260", id + ":4261"))
                .toList();
        return assignment(primary, epoch, Role.primary, replicas);
    }

    public AssignmentDelivered replica(String nodeId, long epoch) {
        return assignment(nodeId, epoch, Role.replica, List.of());
    }

    public AssignmentDelivered assignment(String nodeId, long epoch, Role role, List<ReplicaEndpoint> replicas) {
        return new AssignmentDelivered(meta(nodeId, epoch), role, replicas, 64L << 20, 4096);
    }

    public ReadinessObserved primaryReady(long epoch) {
        return new ReadinessObserved(meta(primary, epoch), true, null, true, true, null, "", null, null);
    }

    /** A node reports a fault, and the size of its copy with it. */
    public ReadinessObserved condition(String nodeId, long epoch, NodeFault fault, Long sizeBytes) {
        return new ReadinessObserved(
                meta(nodeId, epoch), null, null, null, null, fault, "what it says on " + fault, sizeBytes, null);
    }

    public SyncAckReceived ack(String replicaId, long epoch, long syncId, long applied, long tail, long head) {
        return ack(replicaId, epoch, syncId, applied, tail, head, 0);
    }

    /** By a primary that runs so long, ms. */
    public SyncAckReceived ack(
            String replicaId, long epoch, long syncId, long applied, long tail, long head, long uptimeMs) {
        SyncAck ack = new SyncAck(applied, applied, applied, 1L, true, null, AckKind.quorum, false, null, 0L);
        return new SyncAckReceived(meta(primary, epoch), replicaId, syncId, ack, tail, head, 0L, uptimeMs);
    }

    public SessionProgress progress(String replicaId, long epoch, long sessionId, SessionKind kind, long progress) {
        return progress(replicaId, epoch, sessionId, kind, progress, null);
    }

    public SessionProgress progress(
            String replicaId, long epoch, long sessionId, SessionKind kind, long progress, SessionPace pace) {
        return progress(replicaId, epoch, sessionId, kind, progress, progress * 4096, pace);
    }

    public SessionProgress progress(
            String replicaId,
            long epoch,
            long sessionId,
            SessionKind kind,
            long progress,
            long bytes,
            SessionPace pace) {
        return new SessionProgress(
                meta(primary, epoch),
                replicaId,
                sessionId,
                kind,
                SessionPhase.running,
                progress,
                progress,
                0L,
                0L,
                bytes,
                pace);
    }

    public SessionCompleted completed(String replicaId, long epoch, long sessionId, SessionKind kind, long achieved) {
        return new SessionCompleted(
                meta(primary, epoch), replicaId, sessionId, kind, achieved, achieved, true, 0L, 0L, 0L, 0L, null, 0L);
    }

    public SessionFailed failed(String replicaId, long epoch, long sessionId, SessionKind kind, FailureReason reason) {
        return new SessionFailed(
                meta(primary, epoch), replicaId, sessionId, kind, reason, "", null, 0L, 0L, 0L, 0L, 0L, -1L);
    }

    public RebuildRequested rebuildWish(String replicaId, long epoch) {
        return new RebuildRequested(byOperator(epoch), replicaId, "the disk was exchanged");
    }

    public CancelRequested cancelWish(String replicaId, long epoch, long sessionId) {
        return new CancelRequested(byOperator(epoch), replicaId, sessionId, "it takes the bandwidth of others");
    }

    private Meta byOperator(long epoch) {
        return Meta.newBuilder(meta(primary, epoch)).setSource("operator/jo").build();
    }

    public PrimarySilent silence(long epoch, long syncId) {
        Meta meta = Meta.newBuilder(meta(primary, epoch)).setSource("watchdog").build();
        return new PrimarySilent(meta, syncId, start);
    }

    public BarrierConfirmed barrier(long epoch, long durableLsn) {
        return new BarrierConfirmed(meta(primary, epoch), durableLsn);
    }
}
