package io.keepup.streams;

import io.keepup.schemas.consumer.BoundedConsumer;
import io.keepup.schemas.topic.Topics;
import io.keepup.streams.fold.EventsLog;
import io.keepup.streams.fold.SourceRecord;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.Predicate;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;

/** The events topic by a consumer that shares the app's group, and is no member of it. */
final class KafkaEventsLog implements EventsLog {

    private static final Duration POLL = Duration.ofMillis(200);

    private final Consumer<byte[], byte[]> consumer;

    /** @param config of a read_committed consumer without a group */
    KafkaEventsLog(Map<String, Object> config, String applicationId) {
        config.put(ConsumerConfig.GROUP_ID_CONFIG, applicationId);
        this.consumer = BoundedConsumer.ofArrays(config);
    }

    @Override
    public OptionalLong committed(int partition) {
        TopicPartition events = new TopicPartition(Topics.EVENTS, partition);
        OffsetAndMetadata committed = consumer.committed(Set.of(events)).get(events);
        return committed == null ? OptionalLong.empty() : OptionalLong.of(committed.offset());
    }

    @Override
    public long end(int partition) {
        TopicPartition events = new TopicPartition(Topics.EVENTS, partition);
        return consumer.endOffsets(List.of(events)).get(events);
    }

    @Override
    public long begin(int partition) {
        TopicPartition events = new TopicPartition(Topics.EVENTS, partition);
        return consumer.beginningOffsets(List.of(events)).get(events);
    }

    @Override
    public void read(int partition, long from, long until, Predicate<SourceRecord> sink) {
        TopicPartition events = new TopicPartition(Topics.EVENTS, partition);
        consumer.assign(List.of(events));
        consumer.seek(events, Math.max(from, begin(partition)));
        while (consumer.position(events) < until) {
            for (ConsumerRecord<byte[], byte[]> record : consumer.poll(POLL)) {
                if (record.offset() >= until || !sink.test(SourceRecord.of(record))) {
                    return;
                }
            }
        }
    }

    @Override
    public void close() {
        consumer.close(CloseOptions.timeout(Duration.ZERO));
    }
}
