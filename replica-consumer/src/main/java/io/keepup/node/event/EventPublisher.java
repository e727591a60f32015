package io.keepup.node.event;

import io.keepup.node.NodeCounter;
import io.keepup.node.NodeMetrics;
import io.keepup.node.Trouble;
import io.keepup.node.world.Sends;
import io.keepup.node.world.Tasks;
import io.keepup.schemas.codec.CloudEventHeaders;
import io.keepup.schemas.codec.RecordCodec;
import io.keepup.service.failure.RepeatedFailureLog;
import io.keepup.v1.Meta;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.TimeoutException;
import org.slf4j.LoggerFactory;

/**
 * Puts small records on the shared topics: acknowledged by all replicas, idempotent, not transactional, in the order of the
 * calls per key. A record that no broker takes for the producer's {@code max.block.ms} has failed; one that is taken waits
 * for its cluster however long it is away. Thread-safe.
 */
public final class EventPublisher implements AutoCloseable {

    private static final Duration CLOSE = Duration.ofSeconds(3);
    private static final Duration CHECK_CLOSING = Duration.ofMillis(200);

    private final RepeatedFailureLog failures = new RepeatedFailureLog(LoggerFactory.getLogger(EventPublisher.class));

    private final Producer<byte[], byte[]> producer;
    private final RecordCodec codec;
    private final NodeMetrics metrics;
    private final Tasks tasks;
    private final Trouble away = new Trouble(failures, "publishing", "Publishing to Kafka");
    private volatile boolean closing;

    public EventPublisher(Producer<byte[], byte[]> producer, RecordCodec codec, NodeMetrics metrics, Tasks tasks) {
        this.producer = producer;
        this.codec = codec;
        this.metrics = metrics;
        this.tasks = tasks;
    }

    /**
     * Sends a record; the future completes when it is acknowledged. A failure is logged and counted here already.
     *
     * @throws NodeClosingException when the node closes
     * @throws PublishException when the record can never be sent
     */
    public CompletableFuture<Void> publish(String topic, String key, Meta meta, SpecificRecord value) {
        if (closing) {
            throw new NodeClosingException("a record of %s not published: the node closes".formatted(key));
        }
        var bytes = codec.encode(topic, value);
        String type = value.getSchema().getFullName();
        var record = new ProducerRecord<>(
                topic, null, key.getBytes(StandardCharsets.UTF_8), bytes, CloudEventHeaders.of(type, meta));
        CompletableFuture<Void> done = new CompletableFuture<>();
        try {
            Sends.send(producer, record, (at, failure) -> {
                if (failure == null) {
                    metrics.count(NodeCounter.EVENTS_PUBLISHED);
                    away.over();
                    done.complete(null);
                } else {
                    failed(type, key, failure);
                    done.completeExceptionally(failure);
                }
            });
        } catch (TimeoutException e) {
            metrics.count(NodeCounter.PUBLISH_FAILURES);
            away.met(e);
            done.completeExceptionally(e);
        } catch (KafkaException e) {
            failed(type, key, e);
            throw new PublishException("%s of %s cannot be published: %s".formatted(type, key, e), e);
        }
        return done;
    }

    /**
     * Sends a record and returns when it is acknowledged.
     *
     * @throws NodeClosingException when the node closes first
     * @throws PublishException when no broker takes it, or it can never be sent
     */
    public void publishAndWait(String topic, String key, Meta meta, SpecificRecord value) {
        CompletableFuture<Void> done = publish(topic, key, meta, value);
        while (!tasks.await(done, CHECK_CLOSING)) {
            if (closing) {
                throw new NodeClosingException("record of %s not acknowledged: the node closes".formatted(key));
            }
        }
        if (done.isCompletedExceptionally()) {
            Throwable why = done.exceptionNow();
            throw new PublishException("record of %s was refused: %s".formatted(key, why), why);
        }
    }

    private void failed(String type, String key, Exception failure) {
        if (!closing) {
            metrics.count(NodeCounter.PUBLISH_FAILURES);
            failures.error("publishing a record", "%s of %s is not published: %s".formatted(type, key, failure));
        }
    }

    /** Lets waiting callers go; what is not yet sent is given up after a few seconds. */
    public void stop() {
        closing = true;
    }

    @Override
    public void close() {
        closing = true;
        producer.close(CLOSE);
    }
}
