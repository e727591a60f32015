package io.keepup.streams.mapping;

import io.keepup.engine.message.Event;
import io.keepup.engine.message.Meta;
import io.keepup.engine.message.Pace;
import io.keepup.engine.message.ReplicaEndpoint;
import io.keepup.engine.message.SyncAck;
import io.keepup.engine.word.NodeFault;
import io.keepup.engine.word.WaitingFor;
import io.keepup.engine.word.Word;
import io.keepup.service.text.OneLine;
import io.keepup.v1.AssignmentDelivered;
import io.keepup.v1.BarrierConfirmed;
import io.keepup.v1.CancelRequested;
import io.keepup.v1.PrimarySilent;
import io.keepup.v1.ProjectionOverwritten;
import io.keepup.v1.ReadinessObserved;
import io.keepup.v1.RebuildRequested;
import io.keepup.v1.SessionCompleted;
import io.keepup.v1.SessionFailed;
import io.keepup.v1.SessionPace;
import io.keepup.v1.SessionProgress;
import io.keepup.v1.SyncAckReceived;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.apache.avro.specific.SpecificRecord;

/** Events from the wire to the engine, and the watchdog's to the wire. */
public final class EventMapping {

    private EventMapping() {}

    /**
     * The event a record says; empty when the record is no event at all.
     *
     * @throws UnknownWordException when a field holds a word of a later version
     */
    public static Optional<Event> toEngine(SpecificRecord record) throws UnknownWordException {
        return Optional.ofNullable(
                switch (record) {
                    case AssignmentDelivered e -> assignment(e);
                    case ReadinessObserved e -> readiness(e);
                    case SyncAckReceived e -> syncAck(e);
                    case SessionProgress e -> progress(e);
                    case SessionCompleted e ->
                        new Event.SessionCompleted(
                                meta(e.getMeta()),
                                e.getReplicaId(),
                                e.getSessionId(),
                                known(WireWords.KIND, e.getKind(), "kind"),
                                e.getDurableLsn(),
                                e.getAchievedLsn(),
                                e.getBaseComplete());
                    case SessionFailed e ->
                        new Event.SessionFailed(
                                meta(e.getMeta()),
                                e.getReplicaId(),
                                e.getSessionId(),
                                known(WireWords.KIND, e.getKind(), "kind"),
                                known(WireWords.FAILURE, e.getReason(), "reason"),
                                e.getSeen());
                    case BarrierConfirmed e -> new Event.BarrierConfirmed(meta(e.getMeta()), e.getDurableLsn());
                    case RebuildRequested e -> new Event.RebuildRequested(meta(e.getMeta()), e.getReplicaId());
                    case CancelRequested e ->
                        new Event.CancelRequested(meta(e.getMeta()), e.getReplicaId(), e.getSessionId());
                    case PrimarySilent e -> new Event.PrimarySilent(meta(e.getMeta()), e.getSyncId());
                    case ProjectionOverwritten e -> new Event.ProjectionOverwritten(meta(e.getMeta()));
                    default -> null;
                });
    }

    /** The record of a primary that is missed since a time, ms. */
    public static PrimarySilent toWire(Event.PrimarySilent event, long since) {
        return new PrimarySilent(meta(event.meta()), event.syncId(), Instant.ofEpochMilli(since));
    }

    /** The record of a projection that is not the fold's; the position is for people. */
    public static ProjectionOverwritten toWire(Event.ProjectionOverwritten event, int partition, long offset) {
        return new ProjectionOverwritten(meta(event.meta()), partition, offset);
    }

    /**
     * The record of a session that the watchdog fails; the detail is for people.
     *
     * @param durationMs how long the watchdog saw it live
     */
    public static SessionFailed toWire(Event.SessionFailed event, String detail, long durationMs) {
        return SessionFailed.newBuilder()
                .setMeta(meta(event.meta()))
                .setReplicaId(event.replicaId())
                .setSessionId(event.sessionId())
                .setKind(WireWords.KIND.avro(event.kind()))
                .setReason(WireWords.FAILURE.avro(event.reason()))
                .setDetail(detail)
                .setDurationMs(durationMs)
                .setSeen(event.seen())
                .build();
    }

    /** What the state keeps of it for long are names of nodes: the same few for many volumes, so they share them. */
    private static Event assignment(AssignmentDelivered e) throws UnknownWordException {
        List<ReplicaEndpoint> replicas = e.getReplicas().stream()
                .map(r -> Shared.endpoint(r.getReplicaId(), r.getDataAddr(), r.getCtrlAddr()))
                .toList();
        Meta meta = meta(e.getMeta());
        return new Event.AssignmentDelivered(
                new Meta(
                        meta.eventId(),
                        meta.volumeId(),
                        Shared.name(meta.nodeId()),
                        meta.epoch(),
                        meta.occurredAt(),
                        meta.source()),
                known(WireWords.ROLE, e.getRole(), "role"),
                replicas,
                e.getSizeBytes(),
                e.getBlockSize());
    }

    /** A fault that this version has no word for is a fault all the same: refused, it would be overlooked. */
    private static Event readiness(ReadinessObserved e) {
        NodeFault fault = e.getFault() == null ? null : WireWords.NODE_FAULT.engine(e.getFault());
        return new Event.ReadinessObserved(
                meta(e.getMeta()),
                e.getRoleApplied(),
                e.getReceiverReady(),
                e.getShipperConfigured(),
                e.getShipperConnected(),
                fault == null && e.getFault() != null ? NodeFault.OTHER : fault,
                OneLine.of(e.getFaultDetail()),
                e.getSizeBytes() == null ? 0 : e.getSizeBytes(),
                e.getBlockSize() == null ? 0 : e.getBlockSize());
    }

    private static Event syncAck(SyncAckReceived e) throws UnknownWordException {
        io.keepup.v1.SyncAck ack = e.getAck();
        return new Event.SyncAckReceived(
                meta(e.getMeta()),
                e.getReplicaId(),
                e.getSyncId(),
                new SyncAck(
                        ack.getDurableLsn(),
                        ack.getAppliedLsn(),
                        ack.getReceivedLsn(),
                        ack.getWalTail(),
                        ack.getRecoverable(),
                        ack.getReason() == null
                                ? io.keepup.engine.word.FailureReason.NONE
                                : known(WireWords.FAILURE, ack.getReason(), "ack.reason"),
                        known(WireWords.ACK_KIND, ack.getAckKind(), "ack.ackKind"),
                        ack.getSessionActive(),
                        ack.getSessionId() == null ? 0 : ack.getSessionId(),
                        ack.getAppliedEpoch()),
                e.getPrimaryWalTail(),
                e.getPrimaryWalHead(),
                e.getPrimaryEpochAtApplied(),
                e.getPrimaryUptimeMs());
    }

    private static Event progress(SessionProgress e) throws UnknownWordException {
        return new Event.SessionProgress(
                meta(e.getMeta()),
                e.getReplicaId(),
                e.getSessionId(),
                known(WireWords.KIND, e.getKind(), "kind"),
                known(WireWords.PHASE, e.getPhase(), "phase"),
                e.getProgress(),
                e.getWalAppliedLsn(),
                e.getBaseBlocksDone(),
                e.getBaseBlocksTotal(),
                e.getBytes(),
                e.getPace() == null ? Pace.NONE : pace(e.getPace()));
    }

    private static Pace pace(SessionPace pace) throws UnknownWordException {
        return new Pace(
                pace.getWaitingFor() == null
                        ? WaitingFor.NONE
                        : known(WireWords.WAITING_FOR, pace.getWaitingFor(), "pace.waitingFor"),
                pace.getBaseBytes(),
                pace.getWalBytes(),
                pace.getBytesPerSecond(),
                pace.getSecondsLeft() == null || pace.getSecondsLeft() < 0 ? Pace.UNKNOWN : pace.getSecondsLeft());
    }

    private static io.keepup.v1.Meta meta(Meta meta) {
        return new io.keepup.v1.Meta(
                meta.eventId(),
                meta.volumeId(),
                meta.nodeId(),
                meta.epoch(),
                Instant.ofEpochMilli(meta.occurredAt()),
                meta.source());
    }

    private static Meta meta(io.keepup.v1.Meta meta) {
        return new Meta(
                meta.getEventId(),
                meta.getVolumeId(),
                meta.getNodeId(),
                meta.getEpoch(),
                meta.getOccurredAt().toEpochMilli(),
                meta.getSource());
    }

    private static <E extends Enum<E> & Word, A extends Enum<A>> E known(Words<E, A> words, A symbol, String field)
            throws UnknownWordException {
        E constant = words.engine(symbol);
        if (constant == null) {
            throw new UnknownWordException(field);
        }
        return constant;
    }
}
