package io.keepup.cli;

import io.keepup.schemas.codec.CloudEventHeaders;
import io.keepup.schemas.codec.RecordCodec;
import io.keepup.schemas.topic.Topics;
import io.keepup.v1.Meta;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.ExecutionException;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;

/** What operator and master say, put on the events topic. */
final class EventLog {

    private EventLog() {}

    /**
     * Publishes an event; returns when Kafka has it.
     *
     * @param event one of the event records, whose first field is its meta
     * @return where it lies
     * @throws Failure when Kafka does not take it
     */
    static RecordMetadata publish(Producer<byte[], byte[]> producer, RecordCodec codec, SpecificRecord event) {
        Meta meta = (Meta) event.get(0);
        String type = event.getSchema().getFullName();
        try {
            return producer.send(new ProducerRecord<>(
                            Topics.EVENTS,
                            null,
                            meta.getVolumeId().getBytes(StandardCharsets.UTF_8),
                            codec.encode(Topics.EVENTS, event),
                            CloudEventHeaders.of(type, meta)))
                    .get();
        } catch (ExecutionException e) {
            String reason = e.getCause().getMessage();
            throw new Failure("Kafka did not take %s: %s".formatted(type, reason), e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new Failure("interrupted before Kafka had taken " + type, e);
        }
    }

    /** Who speaks: {@code operator/<user>}. */
    static String operator() {
        return "operator/" + System.getProperty("user.name", "unknown");
    }
}
