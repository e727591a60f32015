package io.keepup.streams.audit.cluster;

import io.keepup.streams.audit.AuditException;
import io.keepup.streams.audit.Progress;
import java.time.Duration;
import java.util.Map;
import java.util.function.Predicate;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;

/** Reads partitions between given offsets. */
final class PartitionReader {

    private static final Duration POLL = Duration.ofMillis(200);
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private final Consumer<byte[], byte[]> consumer;

    PartitionReader(Consumer<byte[], byte[]> consumer) {
        this.consumer = consumer;
    }

    /**
     * Hands on all records from the begins up to the ends, each partition in its order, until the sink answers false.
     *
     * @param ends of the same partitions as the begins, exclusive
     */
    void read(
            Map<TopicPartition, Long> begins,
            Map<TopicPartition, Long> ends,
            String what,
            Progress progress,
            Predicate<ConsumerRecord<byte[], byte[]>> sink) {
        try {
            consumer.assign(begins.keySet());
            begins.forEach(consumer::seek);
            long total = sum(ends) - sum(begins);
            long heard = System.nanoTime();
            long left = total;
            while (left > 0) {
                for (ConsumerRecord<byte[], byte[]> record : consumer.poll(POLL)) {
                    boolean inside = record.offset() < ends.get(new TopicPartition(record.topic(), record.partition()));
                    if (inside && !sink.test(record)) {
                        return;
                    }
                }
                long now = left(ends);
                if (now < left) {
                    heard = System.nanoTime();
                    left = now;
                    progress.at(what, total - left, total);
                } else if (System.nanoTime() - heard > PATIENCE.toNanos()) {
                    throw new AuditException("Kafka hands out nothing more of %s for %s s: are its brokers healthy?"
                            .formatted(begins.keySet(), PATIENCE.toSeconds()));
                }
            }
        } catch (KafkaException e) {
            throw new AuditException("cannot read %s: %s".formatted(begins.keySet(), e.getMessage()), e);
        }
    }

    private long left(Map<TopicPartition, Long> ends) {
        long left = 0;
        for (Map.Entry<TopicPartition, Long> end : ends.entrySet()) {
            left += Math.max(0, end.getValue() - consumer.position(end.getKey()));
        }
        return left;
    }

    private static long sum(Map<TopicPartition, Long> offsets) {
        return offsets.values().stream().mapToLong(Long::longValue).sum();
    }
}
