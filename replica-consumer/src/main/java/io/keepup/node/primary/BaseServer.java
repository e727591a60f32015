package io.keepup.node.primary;

import io.keepup.node.NodeContext;
import io.keepup.node.NodeCounter;
import io.keepup.node.NodeSettings;
import io.keepup.node.Trouble;
import io.keepup.node.lane.LaneRecords;
import io.keepup.node.world.Sends;
import io.keepup.node.world.Signal;
import io.keepup.schemas.codec.CloudEventHeaders;
import io.keepup.schemas.topic.Topics;
import io.keepup.v1.BaseEnd;
import io.keepup.v1.BaseManifest;
import io.keepup.volume.BaseBlocks;
import io.keepup.volume.BaseDigest;
import io.keepup.volume.Volume;
import io.keepup.volume.VolumeSpec;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sends the base of one rebuild session: manifest, chunks, end. The extent is flushed first and read past the dirty map,
 * so no block is older than baseLsn and none newer than the end's headLsn. As many chunks are under way as the lane's
 * buffer holds; then the disk waits for the broker. A base that cannot be served ends with {@code chunks = 0}, which no
 * real base has: the replica fails the session at once instead of waiting for its stall limit.
 */
final class BaseServer implements Runnable {

    private static final Logger log = LoggerFactory.getLogger(BaseServer.class);
    private static final Duration CLOSE = Duration.ofMillis(500);
    private static final Duration WAIT = Duration.ofMillis(200);

    private final NodeContext context;
    private final Volume volume;
    private final VolumeSpec spec;
    private final long epoch;
    private final long sessionId;
    private final long targetLsn;
    private final boolean abandon;
    private final String topic;
    private final byte[] key;
    private final CompletableFuture<Void> ended = new CompletableFuture<>();
    private final AtomicLong firstOffset = new AtomicLong(0);
    private final AtomicLong nextOffset = new AtomicLong(0);
    private final AtomicLong acks = new AtomicLong();
    private final Signal acknowledged;
    private volatile Exception sendFailure;
    private final Trouble trouble;
    private volatile boolean stopped;
    private long records;

    BaseServer(NodeContext context, Volume volume, long epoch, long sessionId, long targetLsn) {
        this(context, volume, epoch, sessionId, targetLsn, false);
    }

    static BaseServer abandoning(NodeContext context, Volume volume, long epoch, long sessionId) {
        return new BaseServer(context, volume, epoch, sessionId, 0, true);
    }

    private BaseServer(
            NodeContext context, Volume volume, long epoch, long sessionId, long targetLsn, boolean abandon) {
        this.context = context;
        this.volume = volume;
        this.spec = volume.status().spec();
        this.epoch = epoch;
        this.sessionId = sessionId;
        this.targetLsn = targetLsn;
        this.abandon = abandon;
        this.topic = Topics.base(spec.volumeId());
        this.key = String.valueOf(sessionId).getBytes(StandardCharsets.UTF_8);
        this.trouble = new Trouble(log, "Volume %s: the base of session %d".formatted(spec.volumeId(), sessionId));
        this.acknowledged = new Signal(context.tasks());
    }

    @Override
    public void run() {
        try {
            Producer<byte[], byte[]> producer = context.kafka().laneProducer("base-" + spec.volumeId());
            try {
                run(producer);
            } finally {
                producer.close(CLOSE); // all is acknowledged, or nobody wants it any more
            }
        } finally {
            ended.complete(null);
        }
    }

    private void run(Producer<byte[], byte[]> producer) {
        try {
            if (abandon) {
                end(producer, 0, 0, 0);
            } else {
                serve(producer);
            }
        } catch (RuntimeException e) {
            giveUp(producer, e);
        }
    }

    private void giveUp(Producer<byte[], byte[]> producer, RuntimeException failure) {
        if (stopped) {
            return;
        }
        log.error("Volume {}: the base of session {} cannot be served", spec.volumeId(), sessionId, failure);
        sendFailure = null;
        acks.set(records); // of what was sent before, nothing counts any more
        try {
            end(producer, 0, 0, 0);
        } catch (RuntimeException e) {
            log.error("Volume {}: nor can the replica of session {} be told", spec.volumeId(), sessionId, e);
        }
    }

    private void serve(Producer<byte[], byte[]> producer) {
        long started = context.clock().millis();
        long baseLsn = volume.flush();
        if (baseLsn < targetLsn) {
            throw new IllegalStateException("volume %s ends at LSN %d, below the target %d of session %d"
                    .formatted(spec.volumeId(), baseLsn, targetLsn, sessionId));
        }
        send(
                producer,
                "manifest",
                new BaseManifest(spec.volumeId(), sessionId, epoch, baseLsn, spec.blockSize(), spec.blocks()));
        BaseDigest digest = new BaseDigest();
        ExtentChunks chunks =
                new ExtentChunks(volume, sessionId, epoch, context.settings().get(NodeSettings.BASE_CHUNK_BYTES));
        long count = 0;
        for (BaseBlocks chunk = chunks.next(); chunk != null && !stopped; chunk = chunks.next()) {
            digest.add(chunk.crc32c());
            send(producer, String.valueOf(chunk.seq()), LaneRecords.chunk(chunk));
            context.metrics().count(NodeCounter.BASE_CHUNKS_SENT);
            context.metrics()
                    .add(
                            NodeCounter.BASE_BYTES_SENT,
                            chunk.payload() == null ? 0 : chunk.payload().remaining());
            count++;
        }
        if (!stopped) {
            // Whatever was read got into the extent by a flush, and a flush makes its WAL durable first.
            end(producer, count, digest.value(), volume.status().durableLsn());
            log.info(
                    "Volume {}: base of session {} sent, {} chunks at LSN {} in {} ms",
                    spec.volumeId(),
                    sessionId,
                    count,
                    baseLsn,
                    context.clock().millis() - started);
        }
    }

    private void end(Producer<byte[], byte[]> producer, long chunks, int digest, long headLsn) {
        send(producer, "end", new BaseEnd(sessionId, epoch, chunks, digest & 0xffffffffL, headLsn, -1L));
        while (!stopped && acks.get() < records) {
            throwIfFailed();
            acknowledged.await(WAIT);
        }
    }

    private void send(Producer<byte[], byte[]> producer, String part, SpecificRecord value) {
        var record = new ProducerRecord<>(
                topic,
                0,
                key,
                context.codec().encode(topic, value),
                CloudEventHeaders.of(
                        value.getSchema().getFullName(),
                        "%s/%d/%d/%s".formatted(spec.volumeId(), epoch, sessionId, part),
                        "node/" + context.nodeId(),
                        context.clock().instant()));
        boolean first = records++ == 0;
        while (!stopped) {
            throwIfFailed();
            try {
                Sends.send(producer, record, (at, failure) -> {
                    if (failure != null) {
                        sendFailure = failure;
                        acknowledged.raise();
                        return;
                    }
                    if (first) {
                        firstOffset.set(at.offset());
                    }
                    nextOffset.set(at.offset() + 1);
                    acks.incrementAndGet();
                    trouble.over();
                    acknowledged.raise();
                });
                return;
            } catch (TimeoutException e) {
                trouble.met(e);
            }
        }
    }

    private void throwIfFailed() {
        Exception failure = sendFailure;
        if (failure != null) {
            throw new KafkaException("the broker refused a base record", failure);
        }
    }

    /** Ends the sending early; nothing more is said on the lane. */
    void stop() {
        stopped = true;
    }

    void awaitEnd() {
        context.tasks().await(ended);
    }

    long sessionId() {
        return sessionId;
    }

    /** Offset of the manifest; 0 while it is not known, so that nothing behind it is deleted. */
    long firstOffset() {
        return firstOffset.get();
    }

    /** Offset after the newest acknowledged record; 0 when there is none. */
    long nextOffset() {
        return nextOffset.get();
    }
}
