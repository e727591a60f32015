package io.keepup.streams.state;

import io.keepup.engine.Engine;
import io.keepup.engine.message.Pace;
import io.keepup.engine.message.SyncAck;
import io.keepup.engine.state.ById;
import io.keepup.engine.state.FailureStreak;
import io.keepup.engine.state.NodeCondition;
import io.keepup.engine.state.Readiness;
import io.keepup.engine.state.RecentEvents;
import io.keepup.engine.state.ReplicaView;
import io.keepup.engine.state.Session;
import io.keepup.engine.state.View;
import io.keepup.engine.state.VolumeState;
import io.keepup.engine.word.NodeFault;
import io.keepup.engine.word.Role;
import io.keepup.streams.mapping.Shared;
import io.keepup.v1.state.StoredAck;
import io.keepup.v1.state.StoredPace;
import io.keepup.v1.state.StoredReplica;
import io.keepup.v1.state.StoredSession;
import io.keepup.v1.state.StoredView;
import io.keepup.v1.state.StoredVolume;
import java.util.ArrayList;
import java.util.List;

/** The engine's state to its stored shape and back, field by field. */
final class StateMapping {

    private StateMapping() {}

    static StoredVolume stored(VolumeState state) {
        List<StoredView> views = new ArrayList<>(state.views().size());
        state.views().forEach(v -> views.add(stored(v)));
        return new StoredVolume(
                state.volumeId(),
                views,
                state.epoch(),
                state.primaryId(),
                state.sizeBytes(),
                state.blockSize(),
                state.lastSessionId(),
                state.lastCommand(),
                Engine.VERSION,
                state.sizeSettled());
    }

    private static StoredView stored(View view) {
        List<StoredReplica> replicas = new ArrayList<>(view.replicas().size());
        view.replicas()
                .forEach(r -> replicas.add(new StoredReplica(
                        r.endpoint().replicaId(),
                        r.endpoint().dataAddr(),
                        r.endpoint().ctrlAddr(),
                        stored(r.lastSyncAck()),
                        r.lastSyncId(),
                        stored(r.session()),
                        r.streak().failures(),
                        r.streak().answeredAt(),
                        r.requests().fingerprints())));
        Readiness readiness = view.readiness();
        NodeCondition copy = view.condition();
        return new StoredView(
                view.nodeId(),
                view.epoch(),
                StateWords.ROLE.avro(view.role()),
                readiness.assigned(),
                readiness.roleApplied(),
                readiness.receiverReady(),
                readiness.shipperConfigured(),
                readiness.shipperConnected(),
                view.walTail(),
                view.walHead(),
                view.durableLsn(),
                replicas,
                view.silent(),
                StateWords.NODE_FAULT.avro(copy.fault()),
                copy.detail(),
                copy.sizeBytes(),
                copy.blockSize(),
                copy.reports().fingerprints());
    }

    private static StoredAck stored(SyncAck ack) {
        return new StoredAck(
                ack.durableLsn(),
                ack.appliedLsn(),
                ack.receivedLsn(),
                ack.walTail(),
                ack.recoverable(),
                StateWords.FAILURE.avro(ack.reason()),
                StateWords.ACK_KIND.avro(ack.ackKind()),
                ack.sessionActive(),
                ack.sessionId(),
                ack.appliedEpoch());
    }

    private static StoredSession stored(Session session) {
        return new StoredSession(
                session.id(),
                StateWords.KIND.avro(session.kind()),
                StateWords.STATE.avro(session.state()),
                StateWords.CAUSE.avro(session.cause()),
                session.startLsn(),
                session.targetLsn(),
                session.pinLsn(),
                session.progress(),
                session.walAppliedLsn(),
                session.baseBlocksDone(),
                session.baseBlocksTotal(),
                session.bytes(),
                StateWords.FAILURE.avro(session.failure()),
                session.issuedAt(),
                stored(session.pace()),
                session.reports(),
                session.steps());
    }

    private static StoredPace stored(Pace pace) {
        return pace.equals(Pace.NONE)
                ? null
                : new StoredPace(
                        StateWords.WAITING_FOR.avro(pace.waitingFor()),
                        pace.baseBytes(),
                        pace.walBytes(),
                        pace.bytesPerSecond(),
                        pace.secondsLeft());
    }

    static VolumeState state(StoredVolume volume) {
        List<View> views = volume.getViews().stream().map(StateMapping::view).toList();
        return new VolumeState(
                volume.getVolumeId(),
                ById.of(views),
                volume.getEpoch(),
                Shared.name(volume.getPrimaryId()),
                volume.getSizeBytes(),
                volume.getBlockSize(),
                volume.getSizeSettled() == null ? hadPrimary(views) : volume.getSizeSettled(),
                volume.getLastSessionId(),
                volume.getLastCommand());
    }

    /** Before version 4 it was not kept whether a primary had taken its role; one that did so has shipped or been proven since. */
    private static boolean hadPrimary(List<View> views) {
        return views.stream()
                .anyMatch(v -> v.role() == Role.PRIMARY && v.readiness().roleApplied()
                        || v.walHead() > 0
                        || v.durableLsn() > 0);
    }

    private static NodeCondition condition(StoredView view) {
        NodeFault fault = view.getFault() == null ? NodeFault.NONE : StateWords.NODE_FAULT.engine(view.getFault());
        NodeCondition kept = new NodeCondition(
                fault,
                view.getFaultDetail(),
                view.getSizeBytes(),
                view.getBlockSize(),
                new RecentEvents(view.getReports()));
        return kept.equals(NodeCondition.UNKNOWN) ? NodeCondition.UNKNOWN : kept;
    }

    private static View view(StoredView view) {
        return new View(
                Shared.name(view.getNodeId()),
                view.getEpoch(),
                StateWords.ROLE.engine(view.getRole()),
                new Readiness(
                        view.getAssigned(),
                        view.getRoleApplied(),
                        view.getReceiverReady(),
                        view.getShipperConfigured(),
                        view.getShipperConnected()),
                view.getWalTail(),
                view.getWalHead(),
                view.getDurableLsn(),
                ById.of(view.getReplicas().stream().map(StateMapping::replica).toList()),
                view.getSilent(),
                condition(view));
    }

    private static ReplicaView replica(StoredReplica replica) {
        return new ReplicaView(
                Shared.endpoint(replica.getReplicaId(), replica.getDataAddr(), replica.getCtrlAddr()),
                ack(replica.getLastSyncAck()),
                replica.getLastSyncId(),
                session(replica.getSession()),
                new FailureStreak(replica.getFailures(), replica.getAnsweredAt()),
                new RecentEvents(replica.getWishes()));
    }

    private static SyncAck ack(StoredAck ack) {
        return new SyncAck(
                ack.getDurableLsn(),
                ack.getAppliedLsn(),
                ack.getReceivedLsn(),
                ack.getWalTail(),
                ack.getRecoverable(),
                StateWords.FAILURE.engine(ack.getReason()),
                StateWords.ACK_KIND.engine(ack.getAckKind()),
                ack.getSessionActive(),
                ack.getSessionId(),
                ack.getAppliedEpoch());
    }

    private static Session session(StoredSession session) {
        return new Session(
                session.getId(),
                StateWords.KIND.engine(session.getKind()),
                StateWords.STATE.engine(session.getState()),
                StateWords.CAUSE.engine(session.getCause()),
                session.getStartLsn(),
                session.getTargetLsn(),
                session.getPinLsn(),
                session.getProgress(),
                session.getWalAppliedLsn(),
                session.getBaseBlocksDone(),
                session.getBaseBlocksTotal(),
                session.getBytes(),
                StateWords.FAILURE.engine(session.getFailure()),
                session.getReports(),
                session.getSteps(),
                session.getIssuedAt(),
                pace(session.getPace()));
    }

    private static Pace pace(StoredPace pace) {
        return pace == null
                ? Pace.NONE
                : new Pace(
                        StateWords.WAITING_FOR.engine(pace.getWaitingFor()),
                        pace.getBaseBytes(),
                        pace.getWalBytes(),
                        pace.getBytesPerSecond(),
                        pace.getSecondsLeft());
    }
}
