package io.keepup.node.event;

import static org.assertj.core.api.Assertions.assertThat;

import io.keepup.node.NodeCounter;
import io.keepup.node.NodeMetrics;
import io.keepup.node.fixture.LogLines;
import io.keepup.node.world.ThreadTasks;
import io.keepup.schemas.codec.RecordCodec;
import io.keepup.schemas.topic.Topics;
import io.keepup.v1.BarrierConfirmed;
import io.keepup.v1.Meta;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.producer.Callback;
import org.apache.kafka.clients.producer.MockProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(20)
class EventPublisherTest {

    private static final RecordCodec EMPTY = new RecordCodec() {
        @Override
        public byte[] encode(String topic, SpecificRecord value) {
            return new byte[0];
        }

        @Override
        public SpecificRecord decode(ByteBuffer bytes) {
            throw new UnsupportedOperationException();
        }
    };

    private final AtomicInteger refusals = new AtomicInteger();
    private final MockProducer<byte[], byte[]> broker =
            new MockProducer<>(true, null, new ByteArraySerializer(), new ByteArraySerializer()) {
                @Override
                public synchronized Future<RecordMetadata> send(
                        ProducerRecord<byte[], byte[]> record, Callback callback) {
                    if (refusals.getAndDecrement() > 0) { // as KafkaProducer does, see SendsTest
                        TimeoutException failure = new TimeoutException("no metadata after 2000 ms, " + refusals);
                        callback.onCompletion(null, failure);
                        return CompletableFuture.failedFuture(failure);
                    }
                    return super.send(record, callback);
                }
            };
    private final NodeMetrics metrics = new NodeMetrics();
    private final EventPublisher publisher = new EventPublisher(broker, EMPTY, metrics, new ThreadTasks());

    private CompletableFuture<Void> publish() {
        Meta meta = new Meta("e", "v", "vs-1", 1L, Instant.EPOCH, "test");
        return publisher.publish(Topics.EVENTS, "v", meta, new BarrierConfirmed(meta, 1L));
    }

    @Test
    void a_broker_that_is_away_is_said_once_and_once_when_it_is_back_and_each_record_tells_its_own_failure() {
        try (LogLines log = new LogLines(EventPublisher.class)) {
            assertThat(publish()).isCompleted();
            assertThat(log.seen()).isEmpty();

            refusals.set(50);
            for (int i = 0; i < 50; i++) {
                assertThat(publish()).isCompletedExceptionally();
            }
            assertThat(publish()).isCompleted();
            assertThat(publish()).isCompleted();
            assertThat(log.seen())
                    .containsExactly(
                            "ERROR Publishing to Kafka is held up, trying again", "WARN Publishing to Kafka goes on");

            refusals.set(1);
            assertThat(publish()).isCompletedExceptionally();
            assertThat(log.seen()).as("less than a minute later").hasSize(2);
        }
        assertThat(broker.history()).hasSize(3);
        assertThat(metrics.get(NodeCounter.PUBLISH_FAILURES)).isEqualTo(51);
    }
}
