package io.keepup.node.event;

import io.keepup.schemas.topic.Topics;
import io.keepup.v1.BarrierConfirmed;
import io.keepup.v1.FailureReason;
import io.keepup.v1.Meta;
import io.keepup.v1.ReadinessObserved;
import io.keepup.v1.SessionCompleted;
import io.keepup.v1.SessionFailed;
import io.keepup.v1.SessionKind;
import io.keepup.v1.SessionPhase;
import io.keepup.v1.SessionProgress;
import io.keepup.v1.SyncAck;
import io.keepup.v1.SyncAckReceived;
import io.keepup.v1.SyncAnswer;
import io.keepup.v1.SyncRequest;
import java.time.Clock;
import java.time.Instant;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;

/** Says what this node has to say: gives each record its meta and publishes it under the right key. Thread-safe. */
public final class NodeEvents implements AutoCloseable {

    private final String nodeId;
    private final Clock clock;
    private final EventPublisher publisher;
    private final String process;
    private final AtomicLong count = new AtomicLong();

    public NodeEvents(String nodeId, Clock clock, EventPublisher publisher) {
        this.nodeId = nodeId;
        this.clock = clock;
        this.publisher = publisher;
        this.process = Long.toString(clock.millis(), 36);
    }

    /** Gates this node has passed, by its own view; returns when acknowledged. */
    public void readiness(String volumeId, long epoch, Gates gates) {
        Meta meta = meta(volumeId, nodeId, epoch);
        event(
                meta,
                new ReadinessObserved(
                        meta, gates.roleApplied, gates.receiverReady, gates.shipperConfigured, gates.shipperConnected));
    }

    /** Which gates a readiness event names; null is unchanged. */
    public record Gates(
            Boolean roleApplied, Boolean receiverReady, Boolean shipperConfigured, Boolean shipperConnected) {
        public static final Gates ROLE_APPLIED = new Gates(true, null, null, null);
        public static final Gates RECEIVER_READY = new Gates(null, true, null, null);
        public static final Gates SHIPPER_CONFIGURED = new Gates(null, null, true, null);
        public static final Gates SHIPPER_CONNECTED = new Gates(null, null, null, true);
    }

    /** Asks a replica where it stands. */
    public CompletableFuture<Void> ask(
            String volumeId, long epoch, String replicaId, long syncId, long targetLsn, Instant deadline) {
        Meta meta = meta(volumeId, replicaId, epoch);
        return publisher.publish(
                Topics.SYNC_REQUESTS, replicaId, meta, new SyncRequest(meta, nodeId, syncId, targetLsn, deadline));
    }

    /** Answers a primary; the epoch is this replica's own. */
    public CompletableFuture<Void> answer(String volumeId, long epoch, String primaryId, long syncId, SyncAck ack) {
        Meta meta = meta(volumeId, primaryId, epoch);
        return publisher.publish(Topics.SYNC_ACKS, primaryId, meta, new SyncAnswer(meta, nodeId, syncId, ack, 0L));
    }

    /** Relays a replica's answer to the fold; in call order per volume. */
    public CompletableFuture<Void> syncAck(String volumeId, long epoch, SyncFacts facts) {
        Meta meta = meta(volumeId, nodeId, epoch);
        return publisher.publish(
                Topics.EVENTS,
                volumeId,
                meta,
                new SyncAckReceived(
                        meta,
                        facts.replicaId,
                        facts.syncId,
                        facts.ack,
                        facts.walTail,
                        facts.walHead,
                        facts.epochAtApplied));
    }

    /** A replica's answer with the primary's bounds as of that sync [E3]. */
    public record SyncFacts(
            String replicaId, long syncId, SyncAck ack, long walTail, long walHead, long epochAtApplied) {}

    public CompletableFuture<Void> barrier(String volumeId, long epoch, long durableLsn) {
        Meta meta = meta(volumeId, nodeId, epoch);
        return publisher.publish(Topics.EVENTS, volumeId, meta, new BarrierConfirmed(meta, durableLsn));
    }

    /** Which session an event is about; the event is addressed to the primary's view. */
    public record SessionRef(String volumeId, String primaryId, long epoch, long sessionId, SessionKind kind) {}

    /** Where a session stands; bytes as received. */
    public record Position(
            SessionPhase phase,
            long durableLsn,
            long walAppliedLsn,
            long baseBlocksDone,
            long baseBlocksTotal,
            long bytes) {}

    public CompletableFuture<Void> progress(SessionRef ref, Position at) {
        Meta meta = meta(ref.volumeId, ref.primaryId, ref.epoch);
        return publisher.publish(
                Topics.EVENTS,
                ref.volumeId,
                meta,
                new SessionProgress(
                        meta,
                        nodeId,
                        ref.sessionId,
                        ref.kind,
                        at.phase,
                        at.durableLsn,
                        at.walAppliedLsn,
                        at.baseBlocksDone,
                        at.baseBlocksTotal,
                        at.bytes,
                        null));
    }

    /** What a completed session proves and what it moved, bytes. */
    public record Result(
            long durableLsn,
            long achievedLsn,
            boolean baseComplete,
            long baseBytes,
            long walBytes,
            long zeroBytes,
            long skippedBlocks) {}

    /** Returns when acknowledged. */
    public void completed(SessionRef ref, Result result) {
        Meta meta = meta(ref.volumeId, ref.primaryId, ref.epoch);
        publisher.publishAndWait(
                Topics.EVENTS,
                ref.volumeId,
                meta,
                new SessionCompleted(
                        meta,
                        nodeId,
                        ref.sessionId,
                        ref.kind,
                        result.durableLsn,
                        result.achievedLsn,
                        result.baseComplete,
                        result.baseBytes,
                        result.walBytes,
                        result.zeroBytes,
                        result.skippedBlocks,
                        null,
                        0L));
    }

    /** This node's own session as a replica failed. Returns when acknowledged. */
    public void failed(SessionRef ref, FailureReason reason, String detail) {
        failed(nodeId, ref, reason, detail);
    }

    /** A replica's session failed, whoever says so. Returns when acknowledged. */
    public void failed(String replicaId, SessionRef ref, FailureReason reason, String detail) {
        Meta meta = meta(ref.volumeId, ref.primaryId, ref.epoch);
        event(
                meta,
                new SessionFailed(meta, replicaId, ref.sessionId, ref.kind, reason, detail, null, 0L, 0L, 0L, 0L, 0L));
    }

    /** Nothing more is said: who waits for that is let go. */
    public void stop() {
        publisher.stop();
    }

    /** Stops, and gives what is not yet sent a few seconds. */
    @Override
    public void close() {
        publisher.close();
    }

    private void event(Meta meta, org.apache.avro.specific.SpecificRecord event) {
        publisher.publishAndWait(Topics.EVENTS, meta.getVolumeId(), meta, event);
    }

    private Meta meta(String volumeId, String addressee, long epoch) {
        String eventId = "%s-%s-%d".formatted(nodeId, process, count.incrementAndGet());
        // Avro keeps milliseconds: what is sent equals what is read.
        Instant now = Instant.ofEpochMilli(clock.millis());
        return new Meta(eventId, volumeId, addressee, epoch, now, "node/" + nodeId);
    }
}
