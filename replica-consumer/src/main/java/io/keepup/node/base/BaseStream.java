package io.keepup.node.base;

import io.keepup.node.NodeContext;
import io.keepup.node.NodeSettings;
import io.keepup.node.RecoveryLimits;
import io.keepup.node.Trouble;
import io.keepup.node.world.Sends;
import io.keepup.node.world.Signal;
import io.keepup.schemas.codec.CloudEventHeaders;
import io.keepup.schemas.topic.Topics;
import io.keepup.service.failure.RepeatedFailureLog;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.TimeoutException;
import org.slf4j.LoggerFactory;

/**
 * Carries the base of one session to its replica, over the base lane. Sends as far ahead of the replica as the window
 * allows, and then waits for it: so much is at most in memory and on the broker, however slow the replica is. How far that
 * is it says in its answers to syncs; the stream has it asked when half of the window is used. Sending is for one task.
 */
final class BaseStream {

    private static final RepeatedFailureLog failures =
            new RepeatedFailureLog(LoggerFactory.getLogger(BaseStream.class));
    private static final Duration WAIT = Duration.ofMillis(200);
    private static final Duration FIRST_PAUSE = Duration.ofMillis(20);
    private static final Duration LONGEST_PAUSE = Duration.ofMillis(500);

    /** A record on its way; {@code number} 0 is the manifest, chunk {@code seq} has {@code seq + 1}. */
    private static final class Sent {
        final long number;
        final int bytes;
        long offset = -1;

        Sent(long number, int bytes) {
            this.number = number;
            this.bytes = bytes;
        }
    }

    private final NodeContext context;
    private final String volumeId;
    private final long epoch;
    private final long sessionId;
    private final Runnable askReplica;
    private final long window;
    private final String topic;
    private final byte[] key;
    private final Trouble trouble;
    private final Signal acknowledged;
    private final Signal applied;
    private volatile boolean stopped;

    // Guarded by this.
    private final Deque<Sent> ahead = new ArrayDeque<>();
    private long aheadBytes;
    private long records;
    private long acks;
    private long appliedChunks;
    private long firstOffset;
    private long nextOffset;
    private long neededFrom;
    private Exception failure;

    /** Number of applied chunks when the replica was asked last; used by the sending task. */
    private long askedAt = -1;

    /** @param askReplica has the replica asked soon where it stands */
    BaseStream(NodeContext context, String volumeId, long epoch, long sessionId, Runnable askReplica) {
        this.context = context;
        this.volumeId = volumeId;
        this.epoch = epoch;
        this.sessionId = sessionId;
        this.askReplica = askReplica;
        this.window = context.settings().get(NodeSettings.BASE_WINDOW_BYTES);
        this.topic = Topics.base(volumeId);
        this.key = String.valueOf(sessionId).getBytes(StandardCharsets.UTF_8);
        this.trouble = new Trouble(
                failures, "sending a base", "Volume %s: sending the base of session %s".formatted(volumeId, sessionId));
        this.acknowledged = new Signal(context.tasks());
        this.applied = new Signal(context.tasks());
    }

    /**
     * Sends a record, when window and rate allow it. Nothing once stopped.
     *
     * @throws KafkaException when the broker refused an earlier one
     */
    void send(Producer<byte[], byte[]> producer, String part, SpecificRecord value) {
        byte[] bytes = context.codec().encode(topic, value);
        awaitRoom(bytes.length);
        var record = new ProducerRecord<>(
                topic,
                0,
                key,
                bytes,
                CloudEventHeaders.of(
                        value.getSchema().getFullName(),
                        "%s/%s/%s/%s".formatted(volumeId, epoch, sessionId, part),
                        "node/" + context.nodeId(),
                        context.clock().instant()));
        Sent sent = took(bytes.length);
        while (!stopped) {
            throwIfFailed();
            try {
                Sends.send(producer, record, (at, refused) -> {
                    if (refused == null) {
                        trouble.over();
                        acknowledged(sent, at.offset());
                    } else {
                        refused(refused);
                    }
                });
                break;
            } catch (TimeoutException e) {
                trouble.met(e);
            }
        }
        awaitRate(bytes.length);
    }

    private synchronized Sent took(int bytes) {
        Sent sent = new Sent(records++, bytes);
        ahead.addLast(sent);
        aheadBytes += bytes;
        return sent;
    }

    private void acknowledged(Sent sent, long offset) {
        synchronized (this) {
            sent.offset = offset;
            if (sent.number == 0) {
                firstOffset = offset;
            }
            nextOffset = offset + 1;
            acks++;
        }
        acknowledged.raise();
    }

    private void refused(Exception refused) {
        synchronized (this) {
            failure = refused;
        }
        acknowledged.raise();
        applied.raise();
    }

    private void awaitRoom(int bytes) {
        Duration pause = FIRST_PAUSE;
        while (!stopped && !hasRoom(bytes)) {
            throwIfFailed();
            askReplica.run();
            boolean got = applied.await(pause);
            pause = got || pause.compareTo(LONGEST_PAUSE) >= 0 ? pause : pause.multipliedBy(2);
        }
        askWhenHalfUsed();
    }

    private synchronized boolean hasRoom(int bytes) {
        return aheadBytes == 0 || aheadBytes + bytes <= window;
    }

    private void askWhenHalfUsed() {
        boolean due;
        synchronized (this) {
            due = aheadBytes > window / 2 && askedAt != appliedChunks;
            askedAt = due ? appliedChunks : askedAt;
        }
        if (due) {
            askReplica.run();
        }
    }

    private void awaitRate(int bytes) {
        RecoveryLimits limits = context.limits();
        limits.spend(bytes);
        for (Duration pause = limits.pause(); !pause.isZero() && !stopped; pause = limits.pause()) {
            applied.await(pause.compareTo(WAIT) < 0 ? pause : WAIT);
        }
    }

    /** Returns when the broker has everything, or nobody wants it any more. */
    void awaitAcknowledged() {
        while (!stopped && !allAcknowledged()) {
            throwIfFailed();
            acknowledged.await(WAIT);
        }
    }

    private synchronized boolean allAcknowledged() {
        return acks == records;
    }

    private void throwIfFailed() {
        Exception met;
        synchronized (this) {
            met = failure;
        }
        if (met != null) {
            throw new KafkaException("the broker refused a base record", met);
        }
    }

    /** Of what was sent before nothing counts any more. */
    synchronized void forget() {
        failure = null;
        acks = records;
        ahead.clear();
        aheadBytes = 0;
    }

    /** The replica has applied so many chunks, from the first on; gives the bytes that are no longer under way. */
    long applied(long chunks) {
        long done = 0;
        synchronized (this) {
            if (chunks <= appliedChunks) {
                return 0;
            }
            appliedChunks = chunks;
            for (Sent first = ahead.peekFirst(); first != null && first.number <= chunks; first = ahead.peekFirst()) {
                ahead.removeFirst();
                done += first.bytes;
                neededFrom = Math.max(neededFrom, first.offset + 1);
            }
            aheadBytes -= done;
        }
        applied.raise();
        return done;
    }

    /** Ends the sending early; nothing more is said on the lane. */
    void stop() {
        stopped = true;
        applied.raise();
        acknowledged.raise();
    }

    boolean stopped() {
        return stopped;
    }

    /** First offset of the lane that this session still needs; 0 while that is not known. */
    synchronized long neededFrom() {
        return Math.max(firstOffset, neededFrom);
    }

    /** Offset after the newest acknowledged record; 0 when there is none. */
    synchronized long nextOffset() {
        return nextOffset;
    }
}
