package io.keepup.engine;

import static io.keepup.engine.RejectReason.CONFLICTING_ASSIGNMENT;
import static io.keepup.engine.RejectReason.FUTURE_EPOCH;
import static io.keepup.engine.RejectReason.INCOMPLETE_SESSION;
import static io.keepup.engine.RejectReason.INVALID_FACTS;
import static io.keepup.engine.RejectReason.NOT_PRIMARY;
import static io.keepup.engine.RejectReason.STALE_EPOCH;
import static io.keepup.engine.RejectReason.STALE_SESSION;
import static io.keepup.engine.RejectReason.STALE_SYNC;
import static io.keepup.engine.RejectReason.STALE_WISH;
import static io.keepup.engine.RejectReason.UNKNOWN_REPLICA;
import static io.keepup.engine.RejectReason.UNKNOWN_VOLUME;

import io.keepup.engine.Admission.Admitted;
import io.keepup.engine.Admission.Rejected;
import io.keepup.engine.Admission.Repeated;
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
import io.keepup.engine.message.ReplicaEndpoint;
import io.keepup.engine.state.ReplicaView;
import io.keepup.engine.state.Session;
import io.keepup.engine.state.View;
import io.keepup.engine.state.VolumeState;
import io.keepup.engine.word.FailureReason;
import io.keepup.engine.word.Role;
import io.keepup.engine.word.SessionKind;

/**
 * Admits or rejects every event before the step, because Kafka delivers late, twice, and from zombies [G1]-[G9]. Pure:
 * the same state and event give the same answer. Same under every policy.
 */
public final class Guard {

    private Guard() {}

    public static Admission admit(VolumeState state, Event event) {
        String objection = Plausibility.objection(state, event);
        if (objection != null) {
            return new Rejected(INVALID_FACTS, objection); // [G7]
        }
        View view = state.views().get(event.meta().nodeId());
        return switch (event) {
            case AssignmentDelivered e -> admitAssignment(state, view, e);
            case Event.Report e -> admitReport(state, view, e);
        };
    }

    private static Admission admitAssignment(VolumeState state, View view, AssignmentDelivered event) {
        long epoch = event.meta().epoch();
        String nodeId = event.meta().nodeId();
        if (epoch < state.epoch()) {
            return staleEpoch(epoch, "the volume's", state.epoch()); // [G1]
        }
        boolean again = view != null && view.epoch() == epoch;
        if (again && view.role() != event.role()) { // [G1]
            return conflict(nodeId + " already is " + view.role().word() + " in epoch " + epoch + ", not "
                    + event.role().word());
        }
        boolean otherPrimary =
                !state.primaryId().isEmpty() && !state.primaryId().equals(nodeId);
        if (epoch == state.epoch() && event.role() == Role.PRIMARY && otherPrimary) { // [G1]
            return conflict(state.primaryId() + " already is primary in epoch " + epoch);
        }
        long size = state.sizeAfter(event.sizeBytes());
        if (event.sizeBytes() != 0 && event.sizeBytes() != size) { // [P10]
            return conflict("the volume has " + size + " bytes, not " + event.sizeBytes());
        }
        int block = state.blockSizeAfter(event.blockSize());
        if (event.blockSize() != 0 && event.blockSize() != block) { // [P10]
            return conflict("the volume has blocks of " + block + " bytes, not " + event.blockSize());
        }
        boolean sameSize = size == state.sizeBytes() && block == state.blockSize();
        return again && sameSize && sameReplicas(view, event) ? Repeated.YES : Admitted.YES; // [G8]
    }

    private static boolean sameReplicas(View view, AssignmentDelivered event) {
        if (event.replicas().size() != view.replicas().size()) {
            return false;
        }
        for (ReplicaEndpoint endpoint : event.replicas()) {
            ReplicaView replica = view.replicas().get(endpoint.replicaId());
            if (replica == null || !replica.endpoint().equals(endpoint)) {
                return false;
            }
        }
        return true;
    }

    private static Admission admitReport(VolumeState state, View view, Event.Report event) {
        if (view == null) {
            return new Rejected(UNKNOWN_VOLUME, event.meta().nodeId() + " was never assigned this volume"); // [G2]
        }
        long epoch = event.meta().epoch();
        if (epoch < view.epoch()) {
            return staleEpoch(epoch, "the view's", view.epoch()); // [G1]
        }
        if (epoch > view.epoch()) {
            return new Rejected(FUTURE_EPOCH, "epoch " + epoch + " is above the view's, " + view.epoch()); // [G2]
        }
        if (view.role() == Role.PRIMARY && epoch < state.epoch()) { // [invariant 3] a fenced primary says nothing more
            return staleEpoch(epoch, "the volume's", state.epoch());
        }
        return switch (event) {
            case ReadinessObserved e -> Admitted.YES;
            case BarrierConfirmed e -> view.role() == Role.PRIMARY ? Admitted.YES : notPrimary(view); // [G9]
            case PrimarySilent e -> view.role() == Role.PRIMARY ? admitSilence(view, e) : notPrimary(view); // [G9]
            case ProjectionOverwritten e -> Admitted.YES;
            case Event.OfReplica e -> admitOfReplica(view, e);
        };
    }

    private static Admission admitSilence(View view, PrimarySilent event) {
        if (event.syncId() < view.lastSyncId()) { // [Q4]
            return new Rejected(
                    STALE_SYNC,
                    view.nodeId() + " was heard since: sync " + view.lastSyncId() + " is above " + event.syncId());
        }
        return view.silent() ? Repeated.YES : Admitted.YES; // [G8]
    }

    private static Admission admitOfReplica(View view, Event.OfReplica event) {
        if (view.role() != Role.PRIMARY) {
            return notPrimary(view); // [G9]
        }
        ReplicaView replica = view.replicas().get(event.replicaId());
        if (replica == null) { // [G3]
            return new Rejected(UNKNOWN_REPLICA, event.replicaId() + " is no replica of " + view.nodeId());
        }
        return switch (event) {
            case SyncAckReceived e -> admitSync(replica, e);
            case Event.OfSession e -> admitOfSession(replica.session(), e);
            case RebuildRequested e -> admitWish(replica, e);
            case CancelRequested e ->
                isLive(replica.session(), e.sessionId()) ? Admitted.YES : staleSession(replica.session(), e); // [G4]
        };
    }

    private static Admission admitSync(ReplicaView replica, SyncAckReceived event) {
        return event.syncId() > replica.lastSyncId()
                ? Admitted.YES
                : new Rejected( // [G5]
                        STALE_SYNC, "sync " + event.syncId() + " is not above the last one, " + replica.lastSyncId());
    }

    /** Whatever became of a wish, its twin must not be granted again, also not when the rebuild is long over. */
    private static Admission admitWish(ReplicaView replica, RebuildRequested event) {
        return replica.granted(event.meta().eventId())
                ? new Rejected(
                        STALE_WISH, "this request was folded before: a new one needs an event id of its own") // [Q2]
                : Admitted.YES;
    }

    private static Admission admitOfSession(Session live, Event.OfSession event) {
        if (!isLive(live, event.sessionId()) || event.kind() != live.kind()) { // [G4]
            return staleSession(live, event);
        }
        return switch (event) {
            case SessionProgress e -> goesBackward(live, e) ? Repeated.YES : Admitted.YES; // [G8]
            case SessionCompleted e -> admitCompletion(live, e);
            case SessionFailed e -> admitFailure(live, e);
        };
    }

    /** [A12] An alarm that newer reports came before is no longer true. */
    private static Admission admitFailure(Session live, SessionFailed event) {
        boolean budget = event.reason() == FailureReason.DEADLINE_EXCEEDED;
        long now = budget ? live.steps() : live.reports();
        if (event.seen() == SessionFailed.KNOWN || event.seen() >= now) {
            return Admitted.YES;
        }
        return new Rejected(
                STALE_SESSION,
                "%s %s was heard since: %s %s are above %s"
                        .formatted(event.kind().word(), live.id(), now, budget ? "steps" : "reports", event.seen()));
    }

    private static boolean isLive(Session session, long sessionId) {
        return session.live() && session.id() == sessionId;
    }

    private static boolean goesBackward(Session live, SessionProgress event) {
        return event.progress() < live.progress()
                || event.walAppliedLsn() < live.walAppliedLsn()
                || event.baseBlocksDone() < live.baseBlocksDone()
                || event.bytes() < live.bytes();
    }

    private static Admission admitCompletion(Session live, SessionCompleted event) {
        if (event.achievedLsn() < live.targetLsn()) { // [G6]
            return new Rejected(
                    INCOMPLETE_SESSION, "achieved " + event.achievedLsn() + " is below target " + live.targetLsn());
        }
        if (live.kind() == SessionKind.REBUILD && !event.baseComplete()) { // [G6]
            return new Rejected(INCOMPLETE_SESSION, "the base of rebuild " + live.id() + " is not complete");
        }
        return Admitted.YES;
    }

    private static Rejected staleEpoch(long epoch, String whose, long held) {
        return new Rejected(STALE_EPOCH, "epoch " + epoch + " is below " + whose + ", " + held);
    }

    private static Rejected conflict(String detail) {
        return new Rejected(CONFLICTING_ASSIGNMENT, detail);
    }

    private static Rejected notPrimary(View view) {
        return new Rejected(NOT_PRIMARY, view.nodeId() + " is " + view.role().word() + ", not primary");
    }

    private static Rejected staleSession(Session held, Event.OfSession event) {
        return staleSession(held, event.kind().word() + " " + event.sessionId());
    }

    private static Rejected staleSession(Session held, CancelRequested event) {
        return staleSession(held, "session " + event.sessionId());
    }

    private static Rejected staleSession(Session held, String said) {
        return new Rejected(
                STALE_SESSION,
                held.live()
                        ? said + " is not the live session, " + held.kind().word() + " " + held.id()
                        : said + " is not live: the replica has no live session");
    }
}
