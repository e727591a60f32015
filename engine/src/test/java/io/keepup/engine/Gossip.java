package io.keepup.engine;

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
import io.keepup.engine.word.NodeFault;
import io.keepup.engine.word.Role;
import io.keepup.engine.word.SessionKind;
import io.keepup.engine.word.SessionPhase;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * Makes up events of a small cluster: mostly what lawful nodes would say next, now and then late, wrong or impossible.
 * The same seed makes up the same events for the same states.
 */
final class Gossip {

    static final String VOLUME = "vol-1";

    private static final List<String> NODES = List.of("n1", "n2", "n3", "n4");

    private final Random random;
    private final boolean removals;
    private long events;
    private long syncs;

    /** Without removals an assignment of one epoch never leaves out a replica that it had. */
    Gossip(long seed, boolean removals) {
        this.random = new Random(seed);
        this.removals = removals;
    }

    /** The event that this number stands for in that state, whatever was made up before. */
    Event next(VolumeState state, long number) {
        random.setSeed(number * 0x9E3779B97F4A7C15L); // small numbers are no strangers to each other, their seeds are
        return next(state);
    }

    Event next(VolumeState state) {
        events++;
        String primary = state.primaryId().isEmpty() ? pick(NODES) : state.primaryId();
        String node = often() ? primary : pick(NODES);
        View known = state.views().get(node);
        View view = known == null ? View.unassigned(node) : known;
        long epoch = often() ? view.epoch() : Math.max(0, view.epoch() + random.nextInt(3) - 1);
        Meta meta = new Meta("e-" + events, VOLUME, node, epoch, events, source());
        if (random.nextInt(12) == 0 || state.views().isEmpty()) {
            return assignment(state, view, meta);
        }
        if (random.nextInt(8) == 0) {
            return readiness(meta);
        }
        if (random.nextInt(12) == 0) {
            return new Event.BarrierConfirmed(meta, random.nextInt(20) - 1);
        }
        if (random.nextInt(12) == 0) {
            return new Event.PrimarySilent(meta, often() ? view.lastSyncId() : random.nextInt(9) - 1);
        }
        if (random.nextInt(20) == 0) {
            return new Event.ProjectionOverwritten(meta);
        }
        return random.nextBoolean() ? sync(view, meta) : ofSession(view, meta);
    }

    private Event readiness(Meta meta) {
        NodeFault fault = often() ? null : often() ? NodeFault.NONE : pick(List.of(NodeFault.values()));
        return new Event.ReadinessObserved(
                meta,
                flag(),
                flag(),
                flag(),
                flag(),
                fault,
                "look at it",
                often() ? 0 : (random.nextInt(4) - 1) << 20,
                often() ? 0 : 4096);
    }

    private Event assignment(VolumeState state, View view, Meta said) {
        long epoch = state.epoch() + (random.nextInt(3) == 0 ? 1 : 0) - (random.nextInt(10) == 0 ? 1 : 0);
        boolean keepAll = !removals && epoch == view.epoch();
        Meta meta = new Meta(said.eventId(), VOLUME, said.nodeId(), epoch, said.occurredAt(), "master");
        List<ReplicaEndpoint> replicas = new ArrayList<>();
        for (String id : NODES) {
            boolean had = view.replicas().contains(id);
            if (!id.equals(view.nodeId()) && (keepAll && had || random.nextInt(3) > 0)) {
                replicas.add(Story.endpoint(id));
            }
        }
        long size = often() ? 0 : (1 + random.nextInt(2)) << 20;
        return new Event.AssignmentDelivered(meta, pick(List.of(Role.values())), replicas, size, 0);
    }

    private Event sync(View view, Meta meta) {
        syncs += often() ? 1 : 0;
        long head = random.nextInt(20);
        long tail = random.nextInt((int) head + 2);
        long applied = random.nextInt(20);
        SyncAck ack = new SyncAck(
                often() ? Math.min(applied, random.nextInt(20)) : random.nextInt(20),
                applied,
                applied,
                1,
                often(),
                often() ? FailureReason.NONE : FailureReason.LOCAL_WAL_CORRUPT,
                often() ? AckKind.QUORUM : pick(List.of(AckKind.values())),
                !often(),
                0,
                random.nextInt(3));
        return new Event.SyncAckReceived(meta, replica(view), syncs, ack, tail, head, random.nextInt(3));
    }

    private Event ofSession(View view, Meta meta) {
        String id = replica(view);
        ReplicaView replica = view.replicas().get(id);
        Session session = replica == null ? Session.NONE : replica.session();
        long sessionId = often() ? session.id() : random.nextInt(10);
        SessionKind kind = often() ? session.kind() : SessionKind.REBUILD;
        long lsn = session.targetLsn() + random.nextInt(4) - 1;
        return switch (random.nextInt(5)) {
            case 0 -> new Event.SessionCompleted(meta, id, sessionId, kind, lsn, lsn, often());
            case 1 -> new Event.SessionFailed(meta, id, sessionId, kind, pick(List.of(FailureReason.values())));
            case 2 -> wish(meta, id, sessionId);
            default ->
                new Event.SessionProgress(
                        meta,
                        id,
                        sessionId,
                        kind,
                        SessionPhase.RUNNING,
                        session.progress() + random.nextInt(4) - 1,
                        session.walAppliedLsn() + random.nextInt(4),
                        session.baseBlocksDone() + random.nextInt(4),
                        100,
                        session.bytes());
        };
    }

    private Event wish(Meta said, String id, long sessionId) {
        String eventId = often() ? said.eventId() : "e-" + random.nextInt(4);
        Meta meta = new Meta(eventId, VOLUME, said.nodeId(), said.epoch(), said.occurredAt(), "operator/jo");
        return random.nextBoolean()
                ? new Event.RebuildRequested(meta, id)
                : new Event.CancelRequested(meta, id, sessionId);
    }

    private String replica(View view) {
        return view.replicas().isEmpty() || !often()
                ? pick(NODES)
                : view.replicas().at(random.nextInt(view.replicas().size())).id();
    }

    private String source() {
        return pick(List.of("node/n1", "node/n2", "node/n3", "node/n4", "watchdog", "operator/jo"));
    }

    private Boolean flag() {
        return random.nextInt(4) == 0 ? null : often();
    }

    private boolean often() {
        return random.nextInt(8) > 0;
    }

    private <T> T pick(List<T> all) {
        return all.get(random.nextInt(all.size()));
    }
}
