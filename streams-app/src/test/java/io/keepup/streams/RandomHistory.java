package io.keepup.streams;

import io.keepup.engine.Fold;
import io.keepup.engine.Policy;
import io.keepup.engine.Step;
import io.keepup.engine.message.Event;
import io.keepup.engine.state.ReplicaView;
import io.keepup.engine.state.View;
import io.keepup.engine.state.VolumeState;
import io.keepup.streams.mapping.EventMapping;
import io.keepup.streams.mapping.UnknownWordException;
import io.keepup.v1.AckKind;
import io.keepup.v1.FailureReason;
import io.keepup.v1.NodeFault;
import io.keepup.v1.ReplicaEndpoint;
import io.keepup.v1.Role;
import io.keepup.v1.SessionKind;
import io.keepup.v1.SessionPace;
import io.keepup.v1.SyncAck;
import io.keepup.v1.SyncAckReceived;
import io.keepup.v1.WaitingFor;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.apache.avro.specific.SpecificRecord;

/** A seeded history of one volume: mostly lawful events, so that sessions begin and end, with stale ones in between. */
public final class RandomHistory {

    private static final List<String> NODES = List.of("vs-1", "vs-2", "vs-3", "vs-4");

    private final Random random;
    private final Events events;
    private final Fold fold = new Fold(Policy.safe());
    private VolumeState state;
    private long syncId;

    public RandomHistory(String volumeId, long seed) {
        random = new Random(seed);
        events = new Events(volumeId);
        state = VolumeState.initial(volumeId);
    }

    /** The next event; this history's own state moves on with it. */
    public SpecificRecord next() {
        SpecificRecord record = pick();
        if (fold.apply(state, event(record)) instanceof Step step) {
            state = step.state();
        }
        return record;
    }

    public List<SpecificRecord> next(int count) {
        List<SpecificRecord> records = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            records.add(next());
        }
        return records;
    }

    /** What the events so far fold to. */
    public VolumeState state() {
        return state;
    }

    public static Event event(SpecificRecord record) {
        try {
            return EventMapping.toEngine(record).orElseThrow();
        } catch (UnknownWordException e) {
            throw new AssertionError(e);
        }
    }

    private SpecificRecord pick() {
        View primary = state.primaryView();
        if (primary == null || primary.replicas().isEmpty() || random.nextInt(30) == 0) {
            return assignment();
        }
        events.primaryIs(primary.nodeId());
        ReplicaView replica =
                primary.replicas().at(random.nextInt(primary.replicas().size()));
        long epoch = random.nextInt(15) == 0 ? random.nextInt(9) : primary.epoch();
        long session =
                random.nextInt(10) == 0 ? random.nextInt(9) : replica.session().id();
        SessionKind kind = SessionKind.valueOf(replica.session().kind().word());
        return switch (random.nextInt(10)) {
            case 0 ->
                switch (random.nextInt(4)) {
                    case 0 -> events.silence(epoch, primary.lastSyncId());
                    case 1 -> condition(epoch);
                    default -> events.primaryReady(epoch);
                };
            case 1 -> events.barrier(epoch, random.nextInt(200));
            case 2, 3 -> events.progress(replica.id(), epoch, session, kind, random.nextInt(200), pace());
            case 4 -> events.completed(replica.id(), epoch, session, kind, random.nextInt(300));
            case 5 -> events.failed(replica.id(), epoch, session, kind, failure());
            case 6 ->
                random.nextInt(4) == 0
                        ? events.rebuildWish(replica.id(), epoch)
                        : events.cancelWish(replica.id(), epoch, session);
            default -> ack(replica.id(), epoch);
        };
    }

    private SpecificRecord condition(long epoch) {
        NodeFault[] faults = NodeFault.values();
        NodeFault fault = random.nextInt(3) == 0 ? faults[random.nextInt(faults.length)] : NodeFault.none;
        Long sizeBytes = random.nextInt(3) == 0 ? null : (1L + random.nextInt(3)) << 20;
        return events.condition(NODES.get(random.nextInt(NODES.size())), epoch, fault, sizeBytes);
    }

    private SessionPace pace() {
        WaitingFor waitingFor = random.nextInt(4) == 0 ? WaitingFor.rebuild_slot : null;
        Long secondsLeft = random.nextBoolean() ? null : (long) random.nextInt(100);
        return random.nextInt(3) == 0
                ? null
                : new SessionPace(
                        waitingFor,
                        (long) random.nextInt(1_000),
                        (long) random.nextInt(1_000),
                        (long) random.nextInt(100),
                        secondsLeft);
    }

    private SpecificRecord assignment() {
        long epoch = Math.max(1, state.epoch() + random.nextInt(3) - 1);
        String node = NODES.get(random.nextInt(NODES.size()));
        if (random.nextInt(3) == 0) {
            return events.replica(node, epoch);
        }
        List<ReplicaEndpoint> replicas = NODES.stream()
                .filter(n -> !n.equals(node) && random.nextInt(4) > 0)
                .map(n -> new ReplicaEndpoint(n, n + ":4260", n + ":4261"))
                .toList();
        return events.assignment(node, epoch, Role.primary, replicas);
    }

    private SpecificRecord ack(String replicaId, long epoch) {
        long head = random.nextInt(200);
        long applied = random.nextInt(220);
        boolean recoverable = random.nextInt(6) > 0;
        SyncAck ack = new SyncAck(
                applied == 0 ? 0L : random.nextInt((int) applied + 1),
                applied,
                applied,
                1L,
                recoverable,
                recoverable ? null : failure(),
                random.nextInt(5) == 0 ? AckKind.timed_out : AckKind.quorum,
                false,
                random.nextBoolean() ? null : 3L,
                1L);
        long tail = 1 + random.nextInt((int) head + 1);
        syncId += random.nextInt(5) == 0 ? 0 : 1;
        return new SyncAckReceived(
                events.meta(state.primaryId(), epoch), replicaId, syncId, ack, tail, head, 1L, syncId * 300);
    }

    private FailureReason failure() {
        FailureReason[] reasons = FailureReason.values();
        return reasons[1 + random.nextInt(reasons.length - 1)];
    }
}
