package io.keepup.cli;

import io.keepup.schemas.topic.KeyPartitions;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;

/** Reads topics from their beginning, to the end they had at the start or on and on. */
final class TopicReader implements AutoCloseable {

    private static final Duration POLL = Duration.ofMillis(200);
    private static final Duration PATIENCE = Duration.ofSeconds(8);

    private final org.apache.kafka.clients.consumer.Consumer<byte[], byte[]> consumer;

    TopicReader(org.apache.kafka.clients.consumer.Consumer<byte[], byte[]> consumer) {
        this.consumer = consumer;
    }

    /**
     * All partitions of a topic.
     *
     * @throws Failure when the topic is not there
     */
    List<TopicPartition> partitions(String topic) {
        try {
            List<TopicPartition> partitions = consumer.partitionsFor(topic, PATIENCE).stream()
                    .map(p -> new TopicPartition(p.topic(), p.partition()))
                    .toList();
            if (!partitions.isEmpty()) {
                return partitions;
            }
        } catch (KafkaException e) {
            throw new Failure("cannot read topic %s: %s".formatted(topic, e.getMessage()), e);
        }
        throw new Failure("topic %s is not there: run 'keepup topics create', or start 'keepup up'".formatted(topic));
    }

    /** The partition that holds what has that key. */
    TopicPartition partitionOf(String topic, String key) {
        return new TopicPartition(
                topic, KeyPartitions.partitionFor(key, partitions(topic).size()));
    }

    /** Hands on every record that is there now, in the order of each partition. */
    void readToEnd(Collection<TopicPartition> partitions, Consumer<ConsumerRecord<byte[], byte[]>> sink) {
        Map<TopicPartition, Long> ends = begin(partitions);
        while (ends.entrySet().stream().anyMatch(e -> consumer.position(e.getKey()) < e.getValue())) {
            consumer.poll(POLL).forEach(record -> {
                if (record.offset() < ends.get(new TopicPartition(record.topic(), record.partition()))) {
                    sink.accept(record);
                }
            });
        }
    }

    /** Hands on every record, those there now and those to come, until told to stop. */
    void follow(
            Collection<TopicPartition> partitions,
            BooleanSupplier running,
            Consumer<ConsumerRecord<byte[], byte[]>> sink) {
        begin(partitions);
        while (running.getAsBoolean()) {
            consumer.poll(POLL).forEach(sink);
        }
    }

    private Map<TopicPartition, Long> begin(Collection<TopicPartition> partitions) {
        consumer.assign(partitions);
        consumer.seekToBeginning(partitions);
        return consumer.endOffsets(partitions, PATIENCE);
    }

    @Override
    public void close() {
        consumer.close(org.apache.kafka.clients.consumer.CloseOptions.timeout(Duration.ZERO));
    }
}
