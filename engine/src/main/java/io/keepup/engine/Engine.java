package io.keepup.engine;

import io.keepup.engine.message.Command;
import io.keepup.engine.message.Command.IssueCatchUp;
import io.keepup.engine.message.Command.IssueRebuild;
import io.keepup.engine.message.DecisionFacts;
import io.keepup.engine.message.Event;
import io.keepup.engine.message.Event.AssignmentDelivered;
import io.keepup.engine.message.Event.BarrierConfirmed;
import io.keepup.engine.message.Event.CancelRequested;
import io.keepup.engine.message.Event.PrimarySilent;
import io.keepup.engine.message.Event.ProjectionOverwritten;
import io.keepup.engine.message.Event.ReadinessObserved;
import io.keepup.engine.message.Event.RebuildRequested;
import io.keepup.engine.message.Event.SessionCompleted;
import io.keepup.engine.message.Event.SessionFailed;
import io.keepup.engine.message.Event.SessionProgress;
import io.keepup.engine.message.Event.SyncAckReceived;
import io.keepup.engine.message.Meta;
import io.keepup.engine.message.Origin;
import io.keepup.engine.message.SyncAck;
import io.keepup.engine.state.FailureStreak;
import io.keepup.engine.state.NodeCondition;
import io.keepup.engine.state.ReplicaView;
import io.keepup.engine.state.Session;
import io.keepup.engine.state.View;
import io.keepup.engine.state.VolumeState;
import io.keepup.engine.word.AckKind;
import io.keepup.engine.word.FailureReason;
import io.keepup.engine.word.Role;
import io.keepup.engine.word.SessionKind;
import java.util.List;
import java.util.Objects;

/**
 * The replication protocol as one pure step: no clock, no randomness, no I/O, no shared mutable data. The same log gives
 * the same result on every machine. The step trusts its input: whatever comes from outside goes through {@link Fold}.
 */
public final class Engine {

    /**
     * Which engine this is. It rises by one whenever the same log would lead to another command, projection, session or
     * refusal than before, so that a replay can tell a change of the rules from a change of the facts. Stands in all that the fold puts out.
     */
    public static final int VERSION = 3;

    private final Policy policy;

    public Engine(Policy policy) {
        this.policy = Objects.requireNonNull(policy, "policy");
    }

    /** Folds one event into the view of its node. Throws nothing. */
    public Step step(VolumeState before, Event event) {
        View known = viewOf(before, event);
        // Whatever the primary itself says shows that it is there.
        View view = event.meta().saidByNode(known.nodeId()) ? known.withSilent(false) : known;
        VolumeState state = view == known ? before : before.withView(view);
        return switch (event) {
            case AssignmentDelivered e -> Assignment.fold(policy, state, view, e);
            case ReadinessObserved e -> observed(state, view, e);
            case BarrierConfirmed e -> quiet(state, view, raised(view, e.durableLsn())); // [E9], [P2] a proof
            case PrimarySilent e -> quiet(state, view, silent(view));
            case ProjectionOverwritten e -> quiet(state, view, view); // [Q5] what is published is not state
            case Event.OfReplica e -> ofReplica(state, view, e);
        };
    }

    /** [E2]; the founding engine knows gates alone. */
    private Step observed(VolumeState state, View view, ReadinessObserved event) {
        View passed = view.withReadiness(view.readiness().with(event));
        return switch (policy) {
            case Policy.Reference reference -> quiet(state, view, passed);
            case Policy.Safe safe ->
                view.condition().knows(event) // [P9]
                        ? quiet(state, view, view)
                        : settled(
                                state,
                                view,
                                passed.withCondition(passed.condition().with(event)),
                                event);
        };
    }

    /** [P10] A primary that has taken its role has the volume's size, whatever was asked for. */
    private Step settled(VolumeState state, View before, View after, ReadinessObserved event) {
        boolean primary = after.role() == Role.PRIMARY && after.epoch() == state.epoch();
        if (!primary || !after.readiness().roleApplied()) {
            return quiet(state, before, after);
        }
        NodeCondition copy = after.condition();
        long size = copy.sizeBytes() == 0 ? state.sizeBytes() : copy.sizeBytes();
        int blockSize = copy.blockSize() == 0 ? state.blockSize() : copy.blockSize();
        VolumeState settled = state.withSettledSize(size, blockSize);
        if (size == state.sizeBytes() && blockSize == state.blockSize()) {
            return quiet(settled, before, after);
        }
        Outbox outbox = new Outbox(state.lastCommand(), event.meta());
        Assignment.resize(state.views(), event.meta(), size, blockSize, outbox);
        return loud(settled, after, state.lastSessionId(), outbox);
    }

    /** The founding engine does not miss anybody. */
    private View silent(View view) {
        return switch (policy) {
            case Policy.Reference reference -> view;
            case Policy.Safe safe -> view.withSilent(true);
        };
    }

    /** The step of an event that says nothing new [G8]. */
    Step unchanged(VolumeState state, Event event) {
        return new Step(state, List.of(), Health.of(policy, viewOf(state, event)));
    }

    private static View viewOf(VolumeState state, Event event) {
        View view = state.views().get(event.meta().nodeId());
        return view == null ? View.unassigned(event.meta().nodeId()) : view;
    }

    private Step ofReplica(VolumeState state, View view, Event.OfReplica event) {
        ReplicaView replica = view.replicas().get(event.replicaId());
        if (replica == null) {
            return quiet(state, view, view); // [E11]
        }
        return switch (event) {
            case SyncAckReceived e -> synced(state, view, replica, e);
            case SessionProgress e ->
                quiet(
                        state,
                        view,
                        view.withReplica(replica.withSession(replica.session().running(e)))); // [E6]
            case SessionCompleted e -> quiet(state, view, completed(view, replica, e));
            case SessionFailed e -> failed(state, view, replica, e);
            case RebuildRequested e -> rebuildRequested(state, view, replica, e);
            case CancelRequested e -> cancelRequested(state, view, replica, e);
        };
    }

    /** [E3] Remember what was heard; decide only when no session is under way. */
    private Step synced(VolumeState state, View view, ReplicaView replica, SyncAckReceived event) {
        SyncAck ack = event.ack();
        View heard = new View(
                view.nodeId(),
                view.epoch(),
                view.role(),
                view.readiness(),
                event.primaryWalTail(),
                event.primaryWalHead(),
                view.durableLsn(),
                view.replicas(),
                view.silent(),
                view.condition());
        Session session = replica.session();
        return switch (policy) {
            case Policy.Reference reference -> {
                View raised = raised(heard, ack.durableLsn());
                ReplicaView remembered = replica.withAck(ack, event.syncId());
                yield session.live()
                        ? quiet(state, view, raised.withReplica(remembered))
                        : decided(state, raised, remembered, event, Decision.reference(event));
            }
            case Policy.Safe safe -> {
                if (ack.ackKind() != AckKind.QUORUM) { // not heard: what is known of its data stays, nothing follows
                    SyncAck known = replica.lastSyncAck().withKind(ack.ackKind());
                    yield quiet(state, view, heard.withReplica(replica.withAck(known, event.syncId())));
                }
                ReplicaView remembered = replica.withAck(ack, event.syncId())
                        .withStreak(replica.streak().answered(event.primaryUptimeMs()));
                // A replica still inside a session that is over here speaks of before its end: the next facts decide.
                yield session.live() || ack.sessionActive()
                        ? quiet(state, view, proven(safe, heard.withReplica(remembered)))
                        : decided(state, heard, remembered, event, possible(state, heard, event, session));
            }
        };
    }

    /** What the facts call for, unless neither end could carry it out: then the next facts decide [P9]. */
    private static Decision possible(VolumeState state, View primary, SyncAckReceived event, Session last) {
        Decision decision = Decision.safe(event, last);
        return decision.kind() == SessionKind.KEEPUP || sessionPossible(state, primary, event.replicaId(), event.ack())
                ? decision
                : Decision.NO_SESSION;
    }

    /** Whether no fault of the primary's or the replica's node stands against a session [P9]. */
    private static boolean sessionPossible(VolumeState state, View primary, String replicaId, SyncAck ack) {
        View replica = state.views().get(replicaId);
        boolean replicaStopped = replica != null
                && replica.epoch() == primary.epoch()
                && replica.condition().fault().stopsSessions();
        return !replicaStopped
                && ack.reason() != FailureReason.DISK_FAILED
                && !primary.condition().fault().stopsSessions();
    }

    /** [E5] The session that follows from a decision, and its command. */
    private Step decided(VolumeState state, View view, ReplicaView replica, SyncAckReceived event, Decision decision) {
        return switch (decision.kind()) {
            case KEEPUP -> quiet(state, view, proven(view.withReplica(replica.keepsUp())));
            case NONE -> {
                boolean sticky = replica.session().kind() == SessionKind.REBUILD; // [P3]
                Session session = sticky ? replica.session() : Session.NONE;
                yield quiet(state, view, proven(view.withReplica(replica.withSession(session))));
            }
            case CATCHUP, REBUILD -> {
                if (replica.streak().pausesAt(event.primaryUptimeMs())) { // [P11]
                    yield quiet(state, view, proven(view.withReplica(replica)));
                }
                long position = event.ack().position();
                Outbox outbox = new Outbox(state.lastCommand(), event.meta());
                yield issued(state, view, replica, decision, position, outbox);
            }
        };
    }

    /** A session by the view's own WAL bounds, for a replica at that position. */
    private Step issued(
            VolumeState state, View view, ReplicaView replica, Decision decision, long position, Outbox outbox) {
        long sessionId = state.lastSessionId() + 1;
        long now = outbox.now();
        long start = decision.kind() == SessionKind.CATCHUP ? position : 0;
        Session session = Session.issued(sessionId, decision.kind(), decision.cause(), start, view.walHead(), now);
        DecisionFacts facts = new DecisionFacts(position, view.walTail(), view.walHead());
        Origin origin = outbox.next(view.nodeId(), view.epoch());
        outbox.add(command(origin, replica.id(), session, facts));
        return loud(state, proven(view.withReplica(replica.withSession(session))), sessionId, outbox);
    }

    private static Command command(Origin origin, String replicaId, Session session, DecisionFacts facts) {
        return session.kind() == SessionKind.CATCHUP
                ? new IssueCatchUp(
                        origin,
                        replicaId,
                        session.id(),
                        session.startLsn(),
                        session.targetLsn(),
                        session.pinLsn(),
                        session.cause(),
                        facts)
                : new IssueRebuild(origin, replicaId, session.id(), session.targetLsn(), session.cause(), facts);
    }

    /** [E7] */
    private View completed(View view, ReplicaView replica, SessionCompleted event) {
        ReplicaView inSync = replica.keepsUp();
        return switch (policy) {
            case Policy.Reference reference -> raised(view.withReplica(inSync), event.durableLsn());
            case Policy.Safe safe -> { // [P2], [R3] from now on it counts, with what it has now
                SyncAck known = replica.lastSyncAck().completed(event.durableLsn(), event.achievedLsn());
                yield proven(safe, view.withReplica(inSync.withAck(known, replica.lastSyncId())));
            }
        };
    }

    /** [E8] The next sync decides afresh. */
    private Step failed(VolumeState state, View view, ReplicaView replica, SessionFailed event) {
        return switch (policy) {
            case Policy.Reference reference -> quiet(state, view, view.withReplica(replica.failed(event.reason())));
            case Policy.Safe safe ->
                event.meta().saidByNode(replica.id())
                        ? quiet(state, view, view.withReplica(failedAgain(replica, event.reason())))
                        : cancelled(state, view, replica, event.reason(), event.meta());
        };
    }

    /** [P11] What was ended on purpose did not fail. */
    private static ReplicaView failedAgain(ReplicaView replica, FailureReason reason) {
        boolean onPurpose = reason == FailureReason.CANCELLED || reason == FailureReason.SUPERSEDED;
        FailureStreak streak = replica.streak();
        return replica.failed(reason).withStreak(onPurpose ? streak : streak.another());
    }

    /** [P7] Ended by somebody else than its replica, which has to hear of it. */
    private Step cancelled(VolumeState state, View view, ReplicaView replica, FailureReason reason, Meta cause) {
        Outbox outbox = new Outbox(state.lastCommand(), cause);
        outbox.cancel(view, replica, reason);
        return loud(state, view.withReplica(failedAgain(replica, reason)), state.lastSessionId(), outbox);
    }

    /** [Q3] The founding engine knows no wishes. */
    private Step cancelRequested(VolumeState state, View view, ReplicaView replica, CancelRequested event) {
        return switch (policy) {
            case Policy.Reference reference -> quiet(state, view, view);
            case Policy.Safe safe -> cancelled(state, view, replica, FailureReason.CANCELLED, event.meta());
        };
    }

    /** [Q1] */
    private Step rebuildRequested(VolumeState state, View view, ReplicaView known, RebuildRequested event) {
        // [P11] It goes through at once.
        ReplicaView replica = known.withGranted(event.meta().eventId()).withStreak(FailureStreak.NONE);
        Session last = known.session();
        return switch (policy) {
            case Policy.Reference reference -> quiet(state, view, view);
            case Policy.Safe safe ->
                last.live() && last.kind() == SessionKind.REBUILD
                        ? quiet(state, view, view.withReplica(replica)) // granted already
                        : rebuildWished(state, view, replica, event.meta());
        };
    }

    /** Issued at once by the facts last heard in this epoch, or due at the next sync [P3]; ends a catch-up [P7]. */
    private Step rebuildWished(VolumeState state, View view, ReplicaView replica, Meta wish) {
        Session last = replica.session();
        Outbox outbox = new Outbox(state.lastCommand(), wish);
        if (last.live()) {
            outbox.cancel(view, replica, FailureReason.CANCELLED);
        }
        Decision decision = Decision.wished(last);
        if (view.heardHead() > 0 && sessionPossible(state, view, replica.id(), replica.lastSyncAck())) {
            return issued(state, view, replica, decision, replica.lastSyncAck().position(), outbox);
        }
        Session due = last.kind() == SessionKind.REBUILD ? last : Session.rebuildDue(decision.cause());
        return loud(state, view.withReplica(replica.withSession(due)), state.lastSessionId(), outbox);
    }

    private View proven(View view) {
        return switch (policy) {
            case Policy.Reference reference -> view; // [E3] the ack's own durable LSN was taken already
            case Policy.Safe safe -> proven(safe, view);
        };
    }

    private static View proven(Policy.Safe safe, View view) {
        return raised(view, safe.durability().proven(view)); // [P2]
    }

    private static View raised(View view, long durableLsn) {
        return durableLsn > view.durableLsn() ? view.withDurableLsn(durableLsn) : view;
    }

    /** A step with the commands of the outbox. */
    private Step loud(VolumeState state, View after, long lastSessionId, Outbox outbox) {
        VolumeState next = state.withView(after).withCounters(lastSessionId, outbox.lastCommand());
        return new Step(next, outbox.commands(), Health.of(policy, after));
    }

    /** A step without commands. */
    private Step quiet(VolumeState state, View before, View after) {
        VolumeState next = after == before ? state : state.withView(after);
        return new Step(next, List.of(), Health.of(policy, after));
    }
}
