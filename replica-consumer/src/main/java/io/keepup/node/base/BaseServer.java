package io.keepup.node.base;

import io.keepup.node.NodeContext;
import io.keepup.node.NodeCounter;
import io.keepup.node.lane.LaneRecords;
import io.keepup.service.failure.RepeatedFailureLog;
import io.keepup.v1.BaseEnd;
import io.keepup.v1.BaseManifest;
import io.keepup.volume.BaseBlocks;
import io.keepup.volume.BaseDigest;
import io.keepup.volume.VolumeSpec;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.apache.kafka.clients.producer.Producer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Serves the base of one rebuild session: manifest, chunks, end. A base that cannot be served ends with {@code chunks = 0},
 * which no real base has: the replica fails the session at once instead of waiting for its stall limit.
 */
final class BaseServer implements Runnable {

    private static final Logger log = LoggerFactory.getLogger(BaseServer.class);
    private static final RepeatedFailureLog failures = new RepeatedFailureLog(log);
    private static final Duration CLOSE = Duration.ofMillis(500);

    private final NodeContext context;
    private final VolumeSpec spec;
    private final long epoch;
    private final long sessionId;
    private final long targetLsn;
    private final BaseSource source;
    private final BaseStream stream;
    private final CompletableFuture<Void> ended = new CompletableFuture<>();

    /** @param source null: the base is given up before it begins */
    BaseServer(
            NodeContext context,
            VolumeSpec spec,
            long epoch,
            long sessionId,
            long targetLsn,
            BaseSource source,
            BaseStream stream) {
        this.context = context;
        this.spec = spec;
        this.epoch = epoch;
        this.sessionId = sessionId;
        this.targetLsn = targetLsn;
        this.source = source;
        this.stream = stream;
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
            if (source == null) {
                endWithoutBase(producer);
            } else {
                serve(producer);
            }
        } catch (RuntimeException e) {
            giveUp(producer, e);
        }
    }

    private void giveUp(Producer<byte[], byte[]> producer, RuntimeException failure) {
        if (stream.stopped()) {
            return;
        }
        failures.error(
                "serving",
                "Volume %s: the base of session %s cannot be served".formatted(spec.volumeId(), sessionId),
                failure);
        stream.forget();
        try {
            endWithoutBase(producer);
        } catch (RuntimeException e) {
            failures.error(
                    "saying so",
                    "Volume %s: nor can the replica of session %s be told".formatted(spec.volumeId(), sessionId),
                    e);
        }
    }

    private void serve(Producer<byte[], byte[]> producer) {
        long started = context.uptimeMs();
        BaseSource.Boundary base = source.begin();
        if (base.lsn() < targetLsn) {
            throw new IllegalStateException("volume %s ends at LSN %s, below the target %s of session %s"
                    .formatted(spec.volumeId(), base.lsn(), targetLsn, sessionId));
        }
        stream.send(
                producer,
                "manifest",
                new BaseManifest(
                        spec.volumeId(), sessionId, epoch, base.lsn(), spec.blockSize(), spec.blocks(), base.epoch()));
        BaseDigest digest = new BaseDigest();
        long count = 0;
        for (BaseBlocks chunk = source.next(); chunk != null && !stream.stopped(); chunk = source.next()) {
            digest.add(chunk.crc32c());
            stream.send(producer, String.valueOf(chunk.seq()), LaneRecords.chunk(chunk));
            context.metrics().count(NodeCounter.BASE_CHUNKS_SENT);
            int bytes = chunk.payload() == null ? 0 : chunk.payload().remaining();
            context.metrics().add(NodeCounter.BASE_BYTES_SENT, bytes);
            count++;
        }
        if (!stream.stopped()) {
            end(producer, count, digest.value(), source.headLsn(), base);
            log.info(
                    "Volume {}: base of session {} sent, {} chunks at LSN {} in {} ms",
                    spec.volumeId(),
                    sessionId,
                    count,
                    base.lsn(),
                    context.uptimeMs() - started);
        }
    }

    private void endWithoutBase(Producer<byte[], byte[]> producer) {
        end(producer, 0, 0, 0, new BaseSource.Boundary(0, 0));
    }

    private void end(
            Producer<byte[], byte[]> producer, long chunks, int digest, long headLsn, BaseSource.Boundary base) {
        stream.send(
                producer,
                "end",
                new BaseEnd(sessionId, epoch, chunks, digest & 0xffffffffL, headLsn, base.lsn(), base.epoch()));
        stream.awaitAcknowledged();
    }

    void awaitEnd() {
        context.tasks().await(ended);
    }

    long sessionId() {
        return sessionId;
    }

    BaseStream stream() {
        return stream;
    }
}
