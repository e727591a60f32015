package io.keepup.engine.golden;

import com.fasterxml.jackson.databind.JsonNode;
import io.keepup.engine.message.Event;
import io.keepup.engine.message.Meta;
import io.keepup.engine.message.ReplicaEndpoint;
import io.keepup.engine.message.SyncAck;
import io.keepup.engine.state.ReplicaView;
import io.keepup.engine.state.Session;
import io.keepup.engine.state.View;
import io.keepup.engine.state.VolumeState;
import io.keepup.engine.word.AckKind;
import io.keepup.engine.word.FailureReason;
import io.keepup.engine.word.Role;
import io.keepup.engine.word.SessionPhase;
import io.keepup.engine.word.Word;
import java.util.ArrayList;
import java.util.List;

/** Reads the events of golden traces and fills in what the founding engine did not know: epoch, session, sync id. */
public final class GoldenEvents {

    /** All events of a trace belong to the view of one node. */
    public static final String NODE = "node";

    private GoldenEvents() {}

    public static Event event(VolumeState state, JsonNode said, long index) {
        View known = state.views().get(NODE);
        View view = known == null ? View.unassigned(NODE) : known;
        String type = said.get("type").textValue();
        long epoch = type.equals("AssignmentDelivered") ? number(said, "epoch") : view.epoch();
        Meta meta = new Meta("e-" + index, text(said, "volumeId"), NODE, epoch, index, "master");
        return switch (type) {
            case "AssignmentDelivered" ->
                new Event.AssignmentDelivered(
                        meta, word(Role.class, text(said, "role"), Role.NONE), endpoints(said.get("replicas")), 0, 0);
            case "ReadinessObserved" ->
                new Event.ReadinessObserved(
                        meta,
                        flag(said, "roleApplied"),
                        flag(said, "receiverReady"),
                        flag(said, "shipperConfigured"),
                        flag(said, "shipperConnected"));
            case "BarrierConfirmed" -> new Event.BarrierConfirmed(meta, number(said, "durableLsn"));
            default -> ofReplica(type, meta, view.replicas().get(text(said, "replicaId")), said);
        };
    }

    private static Event ofReplica(String type, Meta meta, ReplicaView replica, JsonNode said) {
        String replicaId = text(said, "replicaId");
        Session session = replica == null ? Session.NONE : replica.session();
        return switch (type) {
            case "SyncAckReceived" ->
                new Event.SyncAckReceived(
                        meta,
                        replicaId,
                        replica == null ? 1 : replica.lastSyncId() + 1,
                        ack(said.get("ack")),
                        number(said, "primaryWalTail"),
                        number(said, "primaryWalHead"),
                        0);
            case "SessionProgress" ->
                new Event.SessionProgress(
                        meta,
                        replicaId,
                        session.id(),
                        session.kind(),
                        SessionPhase.RUNNING,
                        number(said, "progress"),
                        0,
                        0,
                        0,
                        0);
            case "SessionCompleted" ->
                new Event.SessionCompleted(
                        meta,
                        replicaId,
                        session.id(),
                        session.kind(),
                        number(said, "durableLsn"),
                        session.targetLsn(),
                        true);
            case "SessionFailed" ->
                new Event.SessionFailed(
                        meta,
                        replicaId,
                        session.id(),
                        session.kind(),
                        word(FailureReason.class, text(said, "reason"), FailureReason.NONE));
            default -> throw new IllegalArgumentException("unknown event type " + type);
        };
    }

    private static SyncAck ack(JsonNode ack) {
        return new SyncAck(
                number(ack, "durableLsn"),
                number(ack, "appliedLsn"),
                number(ack, "receivedLsn"),
                number(ack, "walTail"),
                ack.get("recoverable").booleanValue(),
                word(FailureReason.class, text(ack, "reason"), FailureReason.NONE),
                AckKind.QUORUM,
                false,
                0,
                0);
    }

    private static List<ReplicaEndpoint> endpoints(JsonNode replicas) {
        List<ReplicaEndpoint> endpoints = new ArrayList<>();
        for (JsonNode replica : replicas) {
            endpoints.add(new ReplicaEndpoint(
                    text(replica, "replicaId"), text(replica, "dataAddr"), text(replica, "ctrlAddr")));
        }
        return endpoints;
    }

    /** The traces write {@code ""} for none. */
    private static <E extends Enum<E> & Word> E word(Class<E> type, String word, E none) {
        return word.isEmpty()
                ? none
                : Word.parse(type, word)
                        .orElseThrow(() -> new IllegalArgumentException(type.getSimpleName() + " has no " + word));
    }

    private static Boolean flag(JsonNode node, String field) {
        return node.has(field) ? node.get(field).booleanValue() : null;
    }

    private static String text(JsonNode node, String field) {
        return node.get(field).textValue();
    }

    private static long number(JsonNode node, String field) {
        return node.get(field).longValue();
    }
}
