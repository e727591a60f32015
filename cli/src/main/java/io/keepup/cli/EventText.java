package io.keepup.cli;

import io.keepup.service.text.OneLine;
import io.keepup.v1.AssignmentDelivered;
import io.keepup.v1.BarrierConfirmed;
import io.keepup.v1.CancelRequested;
import io.keepup.v1.NodeFault;
import io.keepup.v1.PrimarySilent;
import io.keepup.v1.ProjectionOverwritten;
import io.keepup.v1.ReadinessObserved;
import io.keepup.v1.RebuildRequested;
import io.keepup.v1.ReplicaEndpoint;
import io.keepup.v1.SessionCompleted;
import io.keepup.v1.SessionFailed;
import io.keepup.v1.SessionProgress;
import io.keepup.v1.SyncAck;
import io.keepup.v1.SyncAckReceived;
import java.time.temporal.ChronoUnit;
import java.util.StringJoiner;
import java.util.stream.Collectors;
import org.apache.avro.specific.SpecificRecord;

/** What an event says, in one line for people. */
public final class EventText {

    private static final int LONGEST = 500;

    private EventText() {}

    /** The event's own facts; the record's name for what is no event. What somebody wrote at length is cut. */
    public static String of(SpecificRecord event) {
        return OneLine.cut(OneLine.printable(words(event)), LONGEST);
    }

    private static String words(SpecificRecord event) {
        return switch (event) {
            case AssignmentDelivered e -> assignment(e);
            case ReadinessObserved e -> readiness(e);
            case SyncAckReceived e -> syncAck(e);
            case SessionProgress e ->
                "%s %s session %s %s: durable %s, applied %s, base %s of %s blocks"
                        .formatted(
                                e.getReplicaId(),
                                e.getKind(),
                                e.getSessionId(),
                                e.getPhase(),
                                e.getProgress(),
                                e.getWalAppliedLsn(),
                                e.getBaseBlocksDone(),
                                e.getBaseBlocksTotal());
            case SessionCompleted e ->
                "%s %s session %s completed at %s, durable %s"
                        .formatted(
                                e.getReplicaId(), e.getKind(), e.getSessionId(), e.getAchievedLsn(), e.getDurableLsn());
            case SessionFailed e ->
                "%s %s session %s failed: %s %s"
                        .formatted(e.getReplicaId(), e.getKind(), e.getSessionId(), e.getReason(), e.getDetail());
            case RebuildRequested e -> "rebuild of %s wished for: %s".formatted(e.getReplicaId(), e.getWhy());
            case CancelRequested e ->
                "end of %s session %s wished for: %s".formatted(e.getReplicaId(), e.getSessionId(), e.getWhy());
            case PrimarySilent e ->
                "%s was last heard at %s"
                        .formatted(e.getMeta().getNodeId(), e.getSince().truncatedTo(ChronoUnit.SECONDS));
            case ProjectionOverwritten e ->
                e.getOffset() < 0
                        ? "the projection was gone and is published again"
                        : "the projection was overwritten or deleted at offset %s of partition %s and is published again"
                                .formatted(e.getOffset(), e.getPartition());
            case BarrierConfirmed e -> "durable up to %s".formatted(e.getDurableLsn());
            default -> event.getSchema().getName();
        };
    }

    private static String assignment(AssignmentDelivered e) {
        String members =
                e.getReplicas().stream().map(ReplicaEndpoint::getReplicaId).collect(Collectors.joining(", "));
        return "%s is %s from epoch %s%s"
                .formatted(
                        e.getMeta().getNodeId(),
                        e.getRole(),
                        e.getMeta().getEpoch(),
                        members.isEmpty() ? "" : ", replicas " + members);
    }

    private static String readiness(ReadinessObserved e) {
        StringJoiner flags = new StringJoiner(", ");
        flag(flags, "role_applied", e.getRoleApplied());
        flag(flags, "receiver_ready", e.getReceiverReady());
        flag(flags, "shipper_configured", e.getShipperConfigured());
        flag(flags, "shipper_connected", e.getShipperConnected());
        if (e.getSizeBytes() != null) {
            flags.add("its copy has " + Sizes.text(e.getSizeBytes()));
        }
        if (e.getFault() != null && (e.getFault() != NodeFault.none || flags.length() == 0)) {
            flags.add(e.getFault() == NodeFault.none ? "no fault" : e.getFault() + ", " + e.getFaultDetail());
        }
        return e.getMeta().getNodeId() + ": " + flags;
    }

    private static void flag(StringJoiner flags, String name, Boolean value) {
        if (value != null) {
            flags.add(value ? name : "not " + name);
        }
    }

    private static String syncAck(SyncAckReceived e) {
        SyncAck ack = e.getAck();
        return "%s answers %s: applied %s, durable %s; primary holds %s to %s%s"
                .formatted(
                        e.getReplicaId(),
                        ack.getAckKind(),
                        ack.getAppliedLsn(),
                        ack.getDurableLsn(),
                        e.getPrimaryWalTail(),
                        e.getPrimaryWalHead(),
                        ack.getRecoverable()
                                ? ""
                                : ", not recoverable" + (ack.getReason() == null ? "" : " (" + ack.getReason() + ")"));
    }
}
