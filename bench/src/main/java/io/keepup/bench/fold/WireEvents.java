package io.keepup.bench.fold;

import io.keepup.engine.message.Event;
import io.keepup.engine.message.ReplicaEndpoint;
import io.keepup.engine.message.SyncAck;
import io.keepup.engine.word.Word;
import io.keepup.streams.mapping.EventMapping;
import io.keepup.v1.AckKind;
import io.keepup.v1.AssignmentDelivered;
import io.keepup.v1.BarrierConfirmed;
import io.keepup.v1.CancelRequested;
import io.keepup.v1.FailureReason;
import io.keepup.v1.Meta;
import io.keepup.v1.ReadinessObserved;
import io.keepup.v1.RebuildRequested;
import io.keepup.v1.Role;
import io.keepup.v1.SessionCompleted;
import io.keepup.v1.SessionKind;
import io.keepup.v1.SessionPhase;
import io.keepup.v1.SessionProgress;
import io.keepup.v1.SyncAckReceived;
import java.time.Instant;
import org.apache.avro.specific.SpecificRecord;

/** The engine's events as the records that nodes and master would put on the events topic. */
final class WireEvents {

    private WireEvents() {}

    static SpecificRecord of(Event event) {
        Meta meta = meta(event.meta());
        return switch (event) {
            case Event.AssignmentDelivered e ->
                new AssignmentDelivered(
                        meta,
                        Role.valueOf(e.role().word()),
                        e.replicas().stream().map(WireEvents::endpoint).toList(),
                        e.sizeBytes(),
                        e.blockSize());
            case Event.ReadinessObserved e ->
                new ReadinessObserved(
                        meta,
                        e.roleApplied(),
                        e.receiverReady(),
                        e.shipperConfigured(),
                        e.shipperConnected(),
                        null,
                        "",
                        null,
                        null);
            case Event.SyncAckReceived e ->
                new SyncAckReceived(
                        meta,
                        e.replicaId(),
                        e.syncId(),
                        ack(e.ack()),
                        e.primaryWalTail(),
                        e.primaryWalHead(),
                        e.primaryEpochAtApplied(),
                        e.primaryUptimeMs());
            case Event.SessionProgress e ->
                new SessionProgress(
                        meta,
                        e.replicaId(),
                        e.sessionId(),
                        kind(e.kind()),
                        SessionPhase.valueOf(e.phase().word()),
                        e.progress(),
                        e.walAppliedLsn(),
                        e.baseBlocksDone(),
                        e.baseBlocksTotal(),
                        e.bytes(),
                        null);
            case Event.SessionCompleted e ->
                new SessionCompleted(
                        meta,
                        e.replicaId(),
                        e.sessionId(),
                        kind(e.kind()),
                        e.durableLsn(),
                        e.achievedLsn(),
                        e.baseComplete(),
                        0L,
                        0L,
                        0L,
                        0L,
                        null,
                        0L);
            case Event.SessionFailed e -> EventMapping.toWire(e, "", 0);
            case Event.PrimarySilent e -> EventMapping.toWire(e, 0);
            case Event.ProjectionOverwritten e -> EventMapping.toWire(e, 0, 0);
            case Event.BarrierConfirmed e -> new BarrierConfirmed(meta, e.durableLsn());
            case Event.RebuildRequested e -> new RebuildRequested(meta, e.replicaId(), "");
            case Event.CancelRequested e -> new CancelRequested(meta, e.replicaId(), e.sessionId(), "");
        };
    }

    private static Meta meta(io.keepup.engine.message.Meta meta) {
        return new Meta(
                meta.eventId(),
                meta.volumeId(),
                meta.nodeId(),
                meta.epoch(),
                Instant.ofEpochMilli(meta.occurredAt()),
                meta.source());
    }

    private static io.keepup.v1.ReplicaEndpoint endpoint(ReplicaEndpoint endpoint) {
        return new io.keepup.v1.ReplicaEndpoint(endpoint.replicaId(), endpoint.dataAddr(), endpoint.ctrlAddr());
    }

    private static SessionKind kind(Word kind) {
        return SessionKind.valueOf(kind.word());
    }

    private static io.keepup.v1.SyncAck ack(SyncAck ack) {
        return new io.keepup.v1.SyncAck(
                ack.durableLsn(),
                ack.appliedLsn(),
                ack.receivedLsn(),
                ack.walTail(),
                ack.recoverable(),
                ack.reason().word().isEmpty()
                        ? null
                        : FailureReason.valueOf(ack.reason().word()),
                AckKind.valueOf(ack.ackKind().word()),
                ack.sessionActive(),
                ack.sessionId() == 0 ? null : ack.sessionId(),
                ack.appliedEpoch());
    }
}
