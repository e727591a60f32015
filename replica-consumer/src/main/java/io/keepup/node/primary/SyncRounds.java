package io.keepup.node.primary;

import io.keepup.node.NodeContext;
import io.keepup.node.NodeCounter;
import io.keepup.node.NodeSettings;
import io.keepup.node.event.NodeEvents.SyncFacts;
import io.keepup.node.world.Mutex;
import io.keepup.service.failure.RepeatedFailureLog;
import io.keepup.v1.AckKind;
import io.keepup.v1.SyncAck;
import io.keepup.v1.SyncAnswer;
import io.keepup.volume.Volume;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.LoggerFactory;

/**
 * Asks each replica of one primary volume where it stands, one question at a time, and relays what was heard [E3]. An
 * answer within deadline and slack counts as heard; else the primary itself says that the sync timed out. Thread-safe.
 */
final class SyncRounds {

    private static final RepeatedFailureLog failures =
            new RepeatedFailureLog(LoggerFactory.getLogger(SyncRounds.class));
    private static final SyncAck NOTHING = new SyncAck(0L, 0L, 0L, 0L, false, null, AckKind.timed_out, false, null, 0L);

    private final NodeContext context;
    private final Volume volume;
    private final String volumeId;
    private final long epoch;
    private final RetainedWal retained;
    private final PinBoard pins;
    private final Barrier barrier;
    private final AtomicLong syncIds;
    private final Map<String, Asked> replicas = new LinkedHashMap<>();
    /** Held over sends: what is said of a replica keeps its order. */
    private final Mutex lock;

    private long wanted;

    SyncRounds(
            NodeContext context,
            Volume volume,
            long epoch,
            RetainedWal retained,
            PinBoard pins,
            Barrier barrier,
            AtomicLong syncIds) {
        this.context = context;
        this.volume = volume;
        this.volumeId = volume.status().spec().volumeId();
        this.epoch = epoch;
        this.retained = retained;
        this.pins = pins;
        this.barrier = barrier;
        this.syncIds = syncIds;
        this.lock = new Mutex(context.tasks());
    }

    /** Who is asked from now on. */
    void replicas(Collection<String> ids) {
        lock.run(() -> {
            replicas.keySet().retainAll(ids);
            ids.forEach(id -> replicas.computeIfAbsent(id, Asked::new));
        });
    }

    /** Notes overdue answers and asks everybody who has no question open; to be called every sync interval. */
    void tick() {
        lock.run(this::askAll);
    }

    private void askAll() {
        if (!retained.connected()) {
            return;
        }
        long now = context.uptimeMs();
        for (Asked replica : replicas.values()) {
            if (replica.open && now > replica.expires) {
                timedOut(replica);
            }
            if (!replica.open) {
                ask(replica, now);
            }
        }
        confirm();
    }

    /** Somebody waits for the barrier to cover an LSN: ask at once, and again until it does. */
    void want(long lsn) {
        lock.run(() -> {
            wanted = Math.max(wanted, lsn);
            askAll();
        });
    }

    /** Somebody waits for what a replica has to say: ask now, if no answer is awaited anyway. */
    void askNow(String replicaId) {
        lock.run(() -> {
            Asked replica = replicas.get(replicaId);
            if (replica != null && !replica.open && retained.connected()) {
                ask(replica, context.uptimeMs());
            }
        });
    }

    private void ask(Asked replica, long now) {
        Duration wait = context.settings().get(NodeSettings.SYNC_DEADLINE);
        replica.open = true;
        replica.syncId = syncIds.incrementAndGet();
        replica.tail = retained.tail();
        replica.head = volume.status().durableLsn();
        replica.expires =
                now + wait.plus(context.settings().get(NodeSettings.SYNC_SLACK)).toMillis();
        context.events().ask(volumeId, epoch, replica.id, replica.syncId, replica.head, wait);
        context.metrics().count(NodeCounter.SYNCS_ASKED);
    }

    private void timedOut(Asked replica) {
        replica.open = false;
        context.metrics().count(NodeCounter.SYNCS_TIMED_OUT);
        SyncAck last = replica.last == null ? NOTHING : replica.last;
        relay(replica, SyncAck.newBuilder(last).setAckKind(AckKind.timed_out).build());
    }

    /** An answer came; one that nobody waits for is counted and dropped. */
    void answered(SyncAnswer answer) {
        lock.run(() -> hear(answer));
    }

    private void hear(SyncAnswer answer) {
        Asked replica = replicas.get(answer.getReplicaId());
        if (replica == null || !replica.open || replica.syncId != answer.getSyncId()) {
            context.metrics().count(NodeCounter.STALE_SYNC);
            return;
        }
        replica.open = false;
        SyncAck ack = answer.getAck();
        if (ack.getAckKind() != AckKind.quorum || answer.getMeta().getEpoch() != epoch) {
            context.metrics().count(NodeCounter.STALE_EPOCH);
            failures.warn(
                    "another epoch",
                    "Volume %s: %s is at epoch %s, not %s"
                            .formatted(volumeId, replica.id, answer.getMeta().getEpoch(), epoch));
            relay(
                    replica,
                    SyncAck.newBuilder(NOTHING)
                            .setAckKind(AckKind.epoch_mismatch)
                            .build());
            return;
        }
        replica.last = ack;
        replica.counted = counted(ack);
        pins.heard(replica.id, ack);
        relay(replica, ack);
        confirm();
        // At once only when the question itself was for less than is wanted: a replica that is not there yet would
        // answer the same again and again.
        if (replica.head < wanted && ack.getDurableLsn() >= replica.head) {
            ask(replica, context.uptimeMs());
        }
    }

    /** What of a replica's durable WAL is proven to be the primary's own [R3], [P2], [P5]. */
    private long counted(SyncAck ack) {
        long applied = ack.getAppliedLsn();
        if (ack.getSessionActive()
                || !ack.getRecoverable()
                || applied > volume.status().appliedLsn()) {
            return 0;
        }
        long own = volume.epochAt(applied);
        return own != 0 && own == ack.getAppliedEpoch() ? ack.getDurableLsn() : 0;
    }

    private void relay(Asked replica, SyncAck ack) {
        long now = context.uptimeMs();
        SyncFacts facts =
                new SyncFacts(replica.id, 0, ack, replica.tail, replica.head, volume.epochAt(ack.getAppliedLsn()));
        boolean due = replica.relayed == null
                || now - replica.relayedAt
                        >= context.settings().get(NodeSettings.SYNC_REPEAT).toMillis();
        if (!due && facts.equals(replica.relayed)) {
            return;
        }
        replica.relayed = facts;
        replica.relayedAt = now;
        context.events()
                .syncAck(
                        volumeId,
                        epoch,
                        new SyncFacts(
                                replica.id, replica.syncId, ack, replica.tail, replica.head, facts.epochAtApplied()),
                        now);
    }

    private void confirm() {
        List<Long> copies = new ArrayList<>();
        replicas.values().forEach(replica -> copies.add(replica.counted));
        long durable = Barrier.majority(volume.status().durableLsn(), copies);
        if (barrier.raise(durable)) {
            context.metrics().count(NodeCounter.BARRIERS);
            context.events().barrier(volumeId, epoch, durable);
        }
    }

    /** One replica, as its primary asks it. */
    private static final class Asked {
        final String id;
        boolean open;
        long syncId;
        long tail;
        long head;
        long expires;
        SyncAck last;
        long counted;
        SyncFacts relayed;
        long relayedAt;

        Asked(String id) {
            this.id = id;
        }
    }
}
