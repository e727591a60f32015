package io.keepup.bench;

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
import io.keepup.engine.word.AckKind;
import io.keepup.engine.word.FailureReason;
import io.keepup.engine.word.Role;
import io.keepup.engine.word.SessionKind;
import io.keepup.engine.word.SessionPhase;
import java.util.List;
import java.util.Locale;

/**
 * Tells a volume's life, event by event: a primary with two replicas goes through the same recovery cycle over and over
 * while it is being written to. The lagging replica falls behind: ack (catch-up issued), progress, completed. The lost one
 * fell behind the WAL tail: ack (rebuild issued), failed; a failed rebuild is followed by a rebuild [P3], so it stays
 * there. Then a barrier. Session ids, sync ids, LSNs and time rise from cycle to cycle, so the guard admits every event of
 * the safe policy.
 *
 * <p>Every event has strings of its own, as if it had just been decoded from the log: comparing ids costs what it costs in
 * production. Not thread-safe.
 */
public final class VolumeLife {

    /** Events before the first cycle. */
    public static final int BOOTSTRAP = 4;

    /** Events in one cycle. */
    public static final int CYCLE = 6;

    private static final int SYNC_ROUND = 3;
    private static final long EPOCH = 1;

    /** Entries written in one cycle. */
    private static final long WRITTEN = 100;

    private final String volumeId;
    private final Nodes nodes;
    private final long startMs;
    private final Course course;
    private long said;

    /** What a volume's life consists of after its assignment. */
    public enum Course {
        /** One recovery after the other, as above: two to three outputs an event, more than a fleet ever needs. */
        recovery,
        /** Both replicas keep up: they answer syncs, barriers are confirmed. One output an event. */
        keepup
    }

    /** Who holds the volume. */
    public record Nodes(String primary, String lagging, String lost) {}

    /** @param startMs ms since 1970 when it begins; the events follow each other by a millisecond */
    public VolumeLife(String volumeId, Nodes nodes, long startMs) {
        this(volumeId, nodes, startMs, Course.recovery);
    }

    /** @param startMs ms since 1970 when it begins; the events follow each other by a millisecond */
    public VolumeLife(String volumeId, Nodes nodes, long startMs, Course course) {
        this.course = course;
        this.volumeId = volumeId;
        this.nodes = nodes;
        this.startMs = startMs;
    }

    public String volumeId() {
        return volumeId;
    }

    /** Whether no session is live: before the first cycle, and between two. */
    public boolean atRest() {
        return said <= BOOTSTRAP || (said - BOOTSTRAP) % CYCLE == 0;
    }

    /** The next event. */
    public Event next() {
        said++;
        if (said <= BOOTSTRAP) {
            return bootstrap((int) said);
        }
        long cycle = (said - BOOTSTRAP - 1) / CYCLE + 1;
        int step = (int) ((said - BOOTSTRAP - 1) % CYCLE);
        return switch (course) {
            case recovery -> recovering(cycle, step);
            case keepup -> keepingUp(2 * cycle + step / SYNC_ROUND, step % SYNC_ROUND);
        };
    }

    /** Both replicas have applied the head, half of what is new is durable there, and a barrier proves all of it. */
    private Event keepingUp(long round, int step) {
        long head = round * WRITTEN;
        return switch (step) {
            case 0 -> ack(nodes.lagging, round, head - WRITTEN / 2, head, 1, head);
            case 1 -> ack(nodes.lost, round, head - WRITTEN / 2, head, 1, head);
            default -> new BarrierConfirmed(byNode(nodes.primary), head);
        };
    }

    private Event bootstrap(int step) {
        return switch (step) {
            case 1 ->
                new AssignmentDelivered(
                        meta(nodes.primary, "master"),
                        Role.PRIMARY,
                        List.of(endpoint(nodes.lagging), endpoint(nodes.lost)),
                        0,
                        0);
            case 2 -> new AssignmentDelivered(meta(nodes.lagging, "master"), Role.REPLICA, List.of(), 0, 0);
            case 3 -> new AssignmentDelivered(meta(nodes.lost, "master"), Role.REPLICA, List.of(), 0, 0);
            default -> new ReadinessObserved(byNode(nodes.primary), true, true, true, true);
        };
    }

    /** The head is WRITTEN entries on; the lagging replica is where the last cycle left it. */
    private Event recovering(long cycle, int step) {
        long head = (cycle + 1) * WRITTEN;
        long behind = cycle * WRITTEN;
        long catchUp = 2 * cycle - 1;
        long rebuild = 2 * cycle;
        return switch (step) {
            case 0 -> ack(nodes.lagging, cycle, behind, behind, head);
            case 1 ->
                new SessionProgress(
                        byNode(nodes.lagging),
                        own(nodes.lagging),
                        catchUp,
                        SessionKind.CATCHUP,
                        SessionPhase.RUNNING,
                        head - 1,
                        head - 1,
                        0,
                        0,
                        4096 * (WRITTEN - 1));
            case 2 ->
                new SessionCompleted(
                        byNode(nodes.lagging), own(nodes.lagging), catchUp, SessionKind.CATCHUP, head - 1, head, false);
            case 3 -> ack(nodes.lost, cycle, 1, behind, head);
            case 4 ->
                new SessionFailed(
                        byNode(nodes.lost),
                        own(nodes.lost),
                        rebuild,
                        SessionKind.REBUILD,
                        FailureReason.TRANSPORT_LOST);
            default -> new BarrierConfirmed(byNode(nodes.primary), head);
        };
    }

    private SyncAckReceived ack(String replicaId, long syncId, long position, long tail, long head) {
        return ack(replicaId, syncId, position, position, tail, head);
    }

    private SyncAckReceived ack(String replicaId, long syncId, long durable, long applied, long tail, long head) {
        SyncAck ack =
                new SyncAck(durable, applied, applied, 1, true, FailureReason.NONE, AckKind.QUORUM, false, 0, EPOCH);
        return new SyncAckReceived(byNode(nodes.primary), own(replicaId), syncId, ack, tail, head, EPOCH);
    }

    /** Whoever says it, the primary's view folds it. */
    private Meta byNode(String nodeId) {
        return meta(nodes.primary, "node/" + nodeId);
    }

    private Meta meta(String viewOf, String source) {
        String eventId = String.format(Locale.ROOT, "%08x-ac96-774b-bcce-%012x", volumeId.hashCode(), said);
        return new Meta(eventId, own(volumeId), own(viewOf), EPOCH, startMs + said, own(source));
    }

    private static ReplicaEndpoint endpoint(String id) {
        return new ReplicaEndpoint(id, id + ":7001", id + ":7002");
    }

    /** A copy down to its bytes; {@code new String(text)} would share them, and comparing shared bytes is free. */
    private static String own(String text) {
        return String.valueOf(text.toCharArray());
    }
}
