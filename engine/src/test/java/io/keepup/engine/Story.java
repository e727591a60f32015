package io.keepup.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.keepup.engine.message.Command;
import io.keepup.engine.message.Event;
import io.keepup.engine.message.Event.AssignmentDelivered;
import io.keepup.engine.message.Event.BarrierConfirmed;
import io.keepup.engine.message.Event.CancelRequested;
import io.keepup.engine.message.Event.PrimarySilent;
import io.keepup.engine.message.Event.ReadinessObserved;
import io.keepup.engine.message.Event.RebuildRequested;
import io.keepup.engine.message.Event.SessionCompleted;
import io.keepup.engine.message.Event.SessionFailed;
import io.keepup.engine.message.Event.SessionProgress;
import io.keepup.engine.message.Event.SyncAckReceived;
import io.keepup.engine.message.Meta;
import io.keepup.engine.message.ReplicaEndpoint;
import io.keepup.engine.message.SyncAck;
import io.keepup.engine.state.Session;
import io.keepup.engine.state.View;
import io.keepup.engine.state.VolumeState;
import io.keepup.engine.word.AckKind;
import io.keepup.engine.word.FailureReason;
import io.keepup.engine.word.NodeFault;
import io.keepup.engine.word.Role;
import io.keepup.engine.word.SessionPhase;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** One volume's life, told event by event: primary p, replicas r1, r2 …, through guard and step. */
final class Story {

    static final String VOLUME = "vol-1";
    static final String P = "p";
    static final String R1 = "r1";
    static final String R2 = "r2";

    final Policy policy;
    private final Fold fold;
    VolumeState state = VolumeState.initial(VOLUME);
    List<Command> commands = List.of();
    Projection projection;
    private long events;
    private long syncs;
    /** The primary's uptime, ms; not told until a test lets it pass. */
    private long uptime;

    Story(Policy policy) {
        this.policy = policy;
        this.fold = new Fold(policy);
    }

    /** p is primary of epoch 1 with these replicas, and every gate of the node itself is open. */
    static Story bootstrapped(Policy policy, String... replicas) {
        return new Story(policy).tell(b -> b.primary(P, 1, replicas)).tell(b -> b.ready(P, 1));
    }

    /** Folds the event, which must be admitted. */
    Story tell(java.util.function.Function<Story, Event> said) {
        Event event = said.apply(this);
        Folded folded = fold.apply(state, event);
        assertThat(folded).as("%s", event).isInstanceOf(Step.class);
        Step step = (Step) folded;
        state = step.state();
        commands = step.commands();
        projection = step.projection();
        return this;
    }

    /** The event must be refused for this reason, in one sentence. */
    Story refuse(RejectReason reason, Event event) {
        assertThat(fold.apply(state, event)).as("%s", event).isInstanceOfSatisfying(Admission.Rejected.class, no -> {
            assertThat(no.reason()).as(no.detail()).isEqualTo(reason);
            assertThat(no.detail()).isNotBlank();
        });
        return this;
    }

    View view(String nodeId) {
        return state.views().get(nodeId);
    }

    Session session(String replicaId) {
        return state.primaryView().replicas().get(replicaId).session();
    }

    String mode() {
        return projection.mode().word() + "/" + projection.reason();
    }

    <C extends Command> C only(Class<C> type) {
        assertThat(commands).hasSize(1);
        return type.cast(commands.get(0));
    }

    // ------------------------------------------------------------- events

    Meta meta(String nodeId, long epoch, String source) {
        events++;
        return new Meta("e-" + events, VOLUME, nodeId, epoch, 1_000 * events, source);
    }

    AssignmentDelivered assigned(String nodeId, long epoch, Role role, String... replicas) {
        List<ReplicaEndpoint> endpoints =
                Stream.of(replicas).map(Story::endpoint).toList();
        return new AssignmentDelivered(meta(nodeId, epoch, "master"), role, endpoints, 0, 0);
    }

    AssignmentDelivered sized(String nodeId, long epoch, Role role, long sizeBytes, int blockSize) {
        return new AssignmentDelivered(meta(nodeId, epoch, "master"), role, List.of(), sizeBytes, blockSize);
    }

    AssignmentDelivered primary(String nodeId, long epoch, String... replicas) {
        return assigned(nodeId, epoch, Role.PRIMARY, replicas);
    }

    static ReplicaEndpoint endpoint(String id) {
        return new ReplicaEndpoint(id, id + ":1", id + ":2");
    }

    ReadinessObserved ready(String nodeId, long epoch) {
        return gates(nodeId, epoch, true, true, true, true);
    }

    ReadinessObserved gates(
            String nodeId, long epoch, Boolean role, Boolean receiver, Boolean configured, Boolean connected) {
        return new ReadinessObserved(meta(nodeId, epoch, "node/" + nodeId), role, receiver, configured, connected);
    }

    /** A node reports a fault of its own, {@code NONE} that it is over. */
    ReadinessObserved fault(String nodeId, long epoch, NodeFault fault) {
        return new ReadinessObserved(
                meta(nodeId, epoch, "node/" + nodeId), null, null, null, null, fault, "see " + fault.word(), 0, 0);
    }

    /** A node took its role, with a copy of that size. */
    ReadinessObserved applied(String nodeId, long epoch, long sizeBytes, int blockSize) {
        return new ReadinessObserved(
                meta(nodeId, epoch, "node/" + nodeId),
                true,
                null,
                null,
                null,
                NodeFault.NONE,
                "",
                sizeBytes,
                blockSize);
    }

    /** What all nodes together show. */
    VolumeOverview overview() {
        return VolumeOverview.of(policy, state);
    }

    /** The primary runs so much longer. */
    Story pass(long ms) {
        uptime += ms;
        return this;
    }

    /** The primary's process begins anew. */
    Story primaryRestarts() {
        uptime = 1;
        return this;
    }

    /** A plain answer: applied and durable at that position, WAL from 1. */
    SyncAckReceived ack(String replicaId, long position, long head) {
        return ack(replicaId, at(position), 1, head);
    }

    SyncAckReceived ack(String replicaId, SyncAck ack, long tail, long head) {
        return ack(replicaId, ack, tail, head, 0);
    }

    SyncAckReceived ack(String replicaId, SyncAck ack, long tail, long head, long primaryEpoch) {
        syncs++;
        Meta meta = meta(P, state.epoch(), "node/" + P);
        return new SyncAckReceived(meta, replicaId, syncs, ack, tail, head, primaryEpoch, uptime);
    }

    static SyncAck at(long position) {
        return at(position, position);
    }

    static SyncAck at(long applied, long durable) {
        return new SyncAck(durable, applied, applied, 1, true, FailureReason.NONE, AckKind.QUORUM, false, 0, 0);
    }

    /** No answer came. */
    static SyncAck timedOut() {
        return at(0).withKind(AckKind.TIMED_OUT);
    }

    static SyncAck unrecoverable(long position, FailureReason reason) {
        return new SyncAck(position, position, position, 1, false, reason, AckKind.QUORUM, false, 0, 0);
    }

    static SyncAck inSession(long position, long sessionId) {
        return new SyncAck(
                position, position, position, 1, true, FailureReason.NONE, AckKind.QUORUM, true, sessionId, 0);
    }

    static SyncAck ofEpoch(long position, long appliedEpoch) {
        return new SyncAck(
                position, position, position, 1, true, FailureReason.NONE, AckKind.QUORUM, false, 0, appliedEpoch);
    }

    SessionProgress progress(String replicaId, long progress, long baseBlocks) {
        Session live = session(replicaId);
        Meta meta = meta(P, state.epoch(), "node/" + replicaId);
        return new SessionProgress(
                meta,
                replicaId,
                live.id(),
                live.kind(),
                SessionPhase.RUNNING,
                progress,
                progress,
                baseBlocks,
                100,
                baseBlocks * 4096);
    }

    /** Complete as it should be: at the target, base complete, durable there. */
    SessionCompleted completed(String replicaId) {
        return completed(
                replicaId, session(replicaId).targetLsn(), session(replicaId).targetLsn(), true);
    }

    SessionCompleted completed(String replicaId, long durable, long achieved, boolean baseComplete) {
        Session live = session(replicaId);
        Meta meta = meta(P, state.epoch(), "node/" + replicaId);
        return new SessionCompleted(meta, replicaId, live.id(), live.kind(), durable, achieved, baseComplete);
    }

    SessionFailed failed(String replicaId, FailureReason reason) {
        return failed(replicaId, reason, "node/" + replicaId);
    }

    SessionFailed failed(String replicaId, FailureReason reason, String source) {
        Session live = session(replicaId);
        return new SessionFailed(meta(P, state.epoch(), source), replicaId, live.id(), live.kind(), reason);
    }

    /** The watchdog misses reports of a session, or steps when it is past its budget. */
    SessionFailed alarm(String replicaId, FailureReason reason, long seen) {
        Session live = session(replicaId);
        return new SessionFailed(meta(P, state.epoch(), "watchdog"), replicaId, live.id(), live.kind(), reason, seen);
    }

    RebuildRequested rebuildWish(String replicaId) {
        return new RebuildRequested(meta(P, state.epoch(), "operator/jo"), replicaId);
    }

    CancelRequested cancelWish(String replicaId, long sessionId) {
        return new CancelRequested(meta(P, state.epoch(), "operator/jo"), replicaId, sessionId);
    }

    /** The watchdog misses the primary, which was heard as far as it was. */
    PrimarySilent silence() {
        return new PrimarySilent(
                meta(P, state.epoch(), "watchdog"), state.primaryView().lastSyncId());
    }

    BarrierConfirmed barrier(long durableLsn) {
        return new BarrierConfirmed(meta(P, state.epoch(), "node/" + P), durableLsn);
    }

    /** Simple names of the commands just given, in order. */
    List<String> commandNames() {
        List<String> names = new ArrayList<>();
        for (Command command : commands) {
            names.add(command.getClass().getSimpleName());
        }
        return names;
    }
}
