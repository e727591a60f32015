package io.keepup.node.event;

import io.keepup.schemas.topic.Topics;
import io.keepup.v1.BarrierConfirmed;
import io.keepup.v1.FailureReason;
import io.keepup.v1.Meta;
import io.keepup.v1.ReadinessObserved;
import io.keepup.v1.SessionCause;
import io.keepup.v1.SessionCompleted;
import io.keepup.v1.SessionFailed;
import io.keepup.v1.SessionKind;
import io.keepup.v1.SessionPace;
import io.keepup.v1.SessionPhase;
import io.keepup.v1.SessionProgress;
import io.keepup.v1.SyncAck;
import io.keepup.v1.SyncAckReceived;
import io.keepup.v1.SyncAnswer;
import io.keepup.v1.SyncRequest;
import io.keepup.v1.WaitingFor;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;

/** Says what this node has to say: gives each record its meta and publishes it under the right key. Thread-safe. */
public final class NodeEvents implements AutoCloseable {

    private static final long NOT_THE_WATCHDOG = -1;

    private final String nodeId;
    private final Clock clock;
    private final EventPublisher publisher;
    private final String process;
    private final AtomicLong count = new AtomicLong();

    /**
     * @param start number of this start on the node's disk: no two processes give their events the same ids
     * @param clock for people
     */
    public NodeEvents(String nodeId, long start, Clock clock, EventPublisher publisher) {
        this.nodeId = nodeId;
        this.clock = clock;
        this.publisher = publisher;
        // The start alone would come again on a disk that was lost.
        this.process = Long.toString(clock.millis(), 36) + "." + start;
    }

    /** Gates this node has passed, by its own view; returns when acknowledged. */
    public void readiness(String volumeId, long epoch, Gates gates) {
        Meta meta = meta(volumeId, nodeId, epoch);
        event(
                meta,
                new ReadinessObserved(
                        meta,
                        gates.roleApplied,
                        gates.receiverReady,
                        gates.shipperConfigured,
                        gates.shipperConnected,
                        null,
                        "",
                        null,
                        null));
    }

    /** This node has taken its role, with a copy of that size [P10], in bytes; returns when acknowledged. */
    public void roleApplied(String volumeId, long epoch, long sizeBytes, int blockSize, FaultReport fault) {
        condition(volumeId, epoch, true, fault, sizeBytes, blockSize);
    }

    /** This node does not take the role it was given [P9]; returns when acknowledged. */
    public void roleRefused(String volumeId, long epoch, FaultReport fault) {
        condition(volumeId, epoch, false, fault, null, null);
    }

    /** What keeps this node from doing its part has changed [P9]; returns when acknowledged. */
    public void fault(String volumeId, long epoch, FaultReport fault) {
        condition(volumeId, epoch, null, fault, null, null);
    }

    private void condition(
            String volumeId, long epoch, Boolean roleApplied, FaultReport fault, Long sizeBytes, Integer blockSize) {
        Meta meta = meta(volumeId, nodeId, epoch);
        event(
                meta,
                new ReadinessObserved(
                        meta, roleApplied, null, null, null, fault.fault(), fault.detail(), sizeBytes, blockSize));
    }

    /** Which gates a readiness event names; null is unchanged. */
    public record Gates(
            Boolean roleApplied, Boolean receiverReady, Boolean shipperConfigured, Boolean shipperConnected) {
        public static final Gates ROLE_APPLIED = new Gates(true, null, null, null);
        public static final Gates RECEIVER_READY = new Gates(null, true, null, null);
        public static final Gates SHIPPER_CONFIGURED = new Gates(null, null, true, null);
        public static final Gates SHIPPER_CONNECTED = new Gates(null, null, null, true);
        public static final Gates SHIPPER_DISCONNECTED = new Gates(null, null, null, false);
    }

    /** Asks a replica where it stands; it may wait so long for the target. */
    public CompletableFuture<Void> ask(
            String volumeId, long epoch, String replicaId, long syncId, long targetLsn, Duration wait) {
        Meta meta = meta(volumeId, replicaId, epoch);
        Instant deadline = meta.getOccurredAt().plus(wait);
        return publisher.publish(
                Topics.SYNC_REQUESTS,
                replicaId,
                meta,
                new SyncRequest(meta, nodeId, syncId, targetLsn, deadline, wait.toMillis()));
    }

    /**
     * Answers a primary; the epoch is this replica's own.
     *
     * @param baseChunks of the base of a rebuild under way: applied without gap from the first on
     */
    public CompletableFuture<Void> answer(
            String volumeId, long epoch, String primaryId, long syncId, SyncAck ack, long baseChunks) {
        Meta meta = meta(volumeId, primaryId, epoch);
        SyncAnswer answer = new SyncAnswer(meta, nodeId, syncId, ack, baseChunks);
        return publisher.publish(Topics.SYNC_ACKS, primaryId, meta, answer);
    }

    /** Relays a replica's answer to the fold, at an uptime of this process; in call order per volume. */
    public CompletableFuture<Void> syncAck(String volumeId, long epoch, SyncFacts facts, long uptimeMs) {
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
                        facts.epochAtApplied,
                        uptimeMs));
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

    /** Where a session stands; bytes as received on either lane. */
    public record Position(
            SessionPhase phase,
            long durableLsn,
            long walAppliedLsn,
            long baseBlocksDone,
            long baseBlocksTotal,
            long baseBytes,
            long walBytes) {}

    /**
     * How a session goes on.
     *
     * @param waitingFor null when it waits for nothing
     * @param secondsLeft null when there is no telling
     */
    public record Pace(WaitingFor waitingFor, long bytesPerSecond, Long secondsLeft) {}

    public CompletableFuture<Void> progress(SessionRef ref, Position at, Pace pace) {
        Meta meta = meta(ref.volumeId, ref.primaryId, ref.epoch);
        SessionPace told =
                new SessionPace(pace.waitingFor, at.baseBytes, at.walBytes, pace.bytesPerSecond, pace.secondsLeft);
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
                        at.baseBytes + at.walBytes,
                        told));
    }

    /** What a completed session proves. */
    public record Result(long durableLsn, long achievedLsn, boolean baseComplete) {}

    /**
     * What a session came to, however it ended. Bytes of data: base written, WAL applied, base that came as zero runs.
     *
     * @param cause why it was issued; null when not known
     * @param skippedBlocks of the base, not written because newer WAL was applied
     * @param duration since its command
     */
    public record Totals(
            SessionCause cause, long baseBytes, long walBytes, long zeroBytes, long skippedBlocks, Duration duration) {
        /** Of a session that another process ran, or nobody. */
        public static final Totals UNKNOWN = new Totals(null, 0, 0, 0, 0, Duration.ZERO);
    }

    /** Returns when acknowledged. */
    public void completed(SessionRef ref, Result result, Totals totals) {
        Meta meta = meta(ref.volumeId, ref.primaryId, ref.epoch);
        event(
                meta,
                new SessionCompleted(
                        meta,
                        nodeId,
                        ref.sessionId,
                        ref.kind,
                        result.durableLsn,
                        result.achievedLsn,
                        result.baseComplete,
                        totals.baseBytes,
                        totals.walBytes,
                        totals.zeroBytes,
                        totals.skippedBlocks,
                        totals.cause,
                        totals.duration.toMillis()));
    }

    /** This node's own session as a replica failed. Returns when acknowledged. */
    public void failed(SessionRef ref, FailureReason reason, String detail) {
        failed(ref, reason, detail, Totals.UNKNOWN);
    }

    /** As above. */
    public void failed(SessionRef ref, FailureReason reason, String detail, Totals totals) {
        failed(nodeId, ref, reason, detail, totals);
    }

    /** A replica's session failed, whoever says so. Returns when acknowledged. */
    public void failed(String replicaId, SessionRef ref, FailureReason reason, String detail) {
        failed(replicaId, ref, reason, detail, Totals.UNKNOWN);
    }

    private void failed(String replicaId, SessionRef ref, FailureReason reason, String detail, Totals totals) {
        Meta meta = meta(ref.volumeId, ref.primaryId, ref.epoch);
        event(
                meta,
                new SessionFailed(
                        meta,
                        replicaId,
                        ref.sessionId,
                        ref.kind,
                        reason,
                        detail,
                        totals.cause,
                        totals.baseBytes,
                        totals.walBytes,
                        totals.zeroBytes,
                        totals.skippedBlocks,
                        totals.duration.toMillis(),
                        NOT_THE_WATCHDOG));
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
        String eventId = "%s-%s-%s".formatted(nodeId, process, count.incrementAndGet());
        // Avro keeps milliseconds: what is sent equals what is read.
        Instant now = Instant.ofEpochMilli(clock.millis());
        return new Meta(eventId, volumeId, addressee, epoch, now, "node/" + nodeId);
    }
}
