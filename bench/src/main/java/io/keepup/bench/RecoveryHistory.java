package io.keepup.bench;

import io.keepup.engine.Fold;
import io.keepup.engine.Policy;
import io.keepup.engine.Step;
import io.keepup.engine.message.Event;
import io.keepup.engine.message.Event.AssignmentDelivered;
import io.keepup.engine.message.Event.BarrierConfirmed;
import io.keepup.engine.message.Event.ReadinessObserved;
import io.keepup.engine.message.Event.SessionCompleted;
import io.keepup.engine.message.Event.SessionFailed;
import io.keepup.engine.message.Event.SessionProgress;
import io.keepup.engine.message.Event.SyncAckReceived;
import io.keepup.engine.message.Meta;
import io.keepup.engine.message.ReplicaEndpoint;
import io.keepup.engine.message.SyncAck;
import io.keepup.engine.state.VolumeState;
import io.keepup.engine.word.AckKind;
import io.keepup.engine.word.FailureReason;
import io.keepup.engine.word.Role;
import io.keepup.engine.word.SessionKind;
import io.keepup.engine.word.SessionPhase;
import java.util.ArrayList;
import java.util.List;

/**
 * A volume's life as the benchmark folds it: a primary with two replicas goes through the same recovery cycle over and
 * over while it is being written to. {@value #LAGGING} falls behind: ack (catch-up issued), progress, completed.
 * {@value #LOST} fell behind the WAL tail: ack (rebuild issued), failed; a failed rebuild is followed by a rebuild [P3], so
 * it stays there. Then a barrier. Session ids, sync ids, LSNs and time rise from cycle to cycle, so the guard admits every
 * event.
 *
 * <p>Every event has strings of its own, as if it had just been decoded from the log: comparing ids costs what it costs in
 * production.
 *
 * @param start the volume assigned, all gates of the primary open, no replica heard
 * @param events lawful on {@code start} in this order, {@value #CYCLE} a cycle
 */
record RecoveryHistory(VolumeState start, List<Event> events) {

    /** Events in one cycle. */
    static final int CYCLE = 6;

    static final String LAGGING = "vs-2";
    static final String LOST = "vs-3";

    private static final String VOLUME = "volume-1";
    private static final String PRIMARY = "vs-1";
    private static final long EPOCH = 1;

    /** Entries written in one cycle. */
    private static final long WRITTEN = 100;

    private static final long STARTED_MS = 1_767_225_600_000L;

    /** The history of so many cycles under that policy, which must be the safe one, with any durability rule. */
    static RecoveryHistory of(Policy.Safe policy, int cycles) {
        Teller teller = new Teller();
        VolumeState start = teller.bootstrap(new Fold(policy));
        for (int cycle = 1; cycle <= cycles; cycle++) {
            teller.cycle(cycle);
        }
        return new RecoveryHistory(start, List.copyOf(teller.told));
    }

    /** Makes the events, in order. */
    private static final class Teller {

        final List<Event> told = new ArrayList<>();
        private long said;

        VolumeState bootstrap(Fold fold) {
            List<ReplicaEndpoint> replicas = List.of(endpoint(LAGGING), endpoint(LOST));
            VolumeState state = VolumeState.initial(VOLUME);
            for (Event event : List.of(
                    new AssignmentDelivered(meta(PRIMARY, "master"), Role.PRIMARY, replicas, 0, 0),
                    new AssignmentDelivered(meta(LAGGING, "master"), Role.REPLICA, List.of(), 0, 0),
                    new AssignmentDelivered(meta(LOST, "master"), Role.REPLICA, List.of(), 0, 0),
                    new ReadinessObserved(byNode(PRIMARY), true, true, true, true))) {
                state = ((Step) fold.apply(state, event)).state();
            }
            return state;
        }

        /** The head is WRITTEN entries on; the lagging replica is where the last cycle left it. */
        void cycle(long cycle) {
            long head = (cycle + 1) * WRITTEN;
            long behind = cycle * WRITTEN;
            long catchUp = 2 * cycle - 1;
            long rebuild = 2 * cycle;
            told.add(ack(LAGGING, cycle, behind, behind, head));
            told.add(new SessionProgress(
                    byNode(LAGGING),
                    own(LAGGING),
                    catchUp,
                    SessionKind.CATCHUP,
                    SessionPhase.RUNNING,
                    head - 1,
                    head - 1,
                    0,
                    0,
                    4096 * (WRITTEN - 1)));
            told.add(new SessionCompleted(
                    byNode(LAGGING), own(LAGGING), catchUp, SessionKind.CATCHUP, head, head, false));
            told.add(ack(LOST, cycle, 1, behind, head));
            told.add(new SessionFailed(
                    byNode(LOST), own(LOST), rebuild, SessionKind.REBUILD, FailureReason.TRANSPORT_LOST));
            told.add(new BarrierConfirmed(byNode(PRIMARY), head + 1));
        }

        private SyncAckReceived ack(String replicaId, long syncId, long position, long tail, long head) {
            SyncAck ack = new SyncAck(
                    position, position, position, 1, true, FailureReason.NONE, AckKind.QUORUM, false, 0, EPOCH);
            return new SyncAckReceived(byNode(PRIMARY), own(replicaId), syncId, ack, tail, head, EPOCH);
        }

        /** Whoever says it, the primary's view folds it. */
        private Meta byNode(String nodeId) {
            return meta(PRIMARY, "node/" + nodeId);
        }

        private Meta meta(String viewOf, String source) {
            said++;
            String eventId = "01890a5d-ac96-774b-bcce-%012x".formatted(said);
            return new Meta(eventId, own(VOLUME), own(viewOf), EPOCH, STARTED_MS + said, own(source));
        }

        private static ReplicaEndpoint endpoint(String id) {
            return new ReplicaEndpoint(id, id + ":7001", id + ":7002");
        }

        /** A copy down to its bytes; {@code new String(text)} would share them, and comparing shared bytes is free. */
        private static String own(String text) {
            return String.valueOf(text.toCharArray());
        }
    }
}
