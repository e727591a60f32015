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
import java.time.Instant;
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
        public SpecificRecord decode(byte[] bytes) {
            throw new UnsupportedOperationException();
        }
    };

    private final AtomicInteger refusals = new AtomicInteger();
    private final MockProducer<byte[], byte[]> broker =
            new MockProducer<>(true, null, new ByteArraySerializer(), new ByteArraySerializer()) {
                @Override
                public synchronized Future<RecordMetadata> send(
                        ProducerRecord<byte[], byte[]> record, Callback callback) {
                    if (refusals.getAndDecrement() > 0) {
                        throw new TimeoutException("no metadata after 2000 ms, try " + refusals);
                    }
                    return super.send(record, callback);
                }
            };
    private final NodeMetrics metrics = new NodeMetrics();
    private final EventPublisher publisher = new EventPublisher(broker, EMPTY, metrics, new ThreadTasks());

    private void publish(int records) {
        for (int i = 0; i < records; i++) {
            Meta meta = new Meta("e" + i, "v", "vs-1", 1L, Instant.EPOCH, "test");
            publisher.publishAndWait(Topics.EVENTS, "v", meta, new BarrierConfirmed(meta, (long) i));
        }
    }

    @Test
    void a_broker_that_is_away_is_said_once_and_once_when_it_is_back_and_nothing_is_lost() {
        try (LogLines log = new LogLines(EventPublisher.class)) {
            publish(3);
            assertThat(log.seen()).isEmpty();

            refusals.set(50);
            publish(3);
            assertThat(log.seen())
                    .containsExactly(
                            "ERROR Publishing to Kafka is held up, trying again", "WARN Publishing to Kafka goes on");

            refusals.set(5);
            publish(1);
            assertThat(log.seen()).hasSize(4);
        }
        assertThat(broker.history()).hasSize(7);
        assertThat(metrics.get(NodeCounter.PUBLISH_FAILURES)).isEqualTo(55);
    }
}
