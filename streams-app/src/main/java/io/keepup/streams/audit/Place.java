package io.keepup.streams.audit;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;

/** Where a record lies. */
public record Place(TopicPartition partition, long offset) {

    public static Place of(ConsumerRecord<?, ?> record) {
        return new Place(new TopicPartition(record.topic(), record.partition()), record.offset());
    }

    /** {@code keepup.events.v1 2@77}. */
    @Override
    public String toString() {
        return "%s %s@%s".formatted(partition.topic(), partition.partition(), offset);
    }
}
