package io.keepup.schemas.consumer;

import io.keepup.schemas.topic.Topics;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.utils.Utils;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A consumer that no record can end: of one that is larger than the bounds of its topic ({@link Topics#bounds}) it gives a part,
 * and a {@link CutRecord} that says what it was.
 *
 * <p>Kafka's consumer makes each record whole in memory before anybody can ask how large it is. Where the heap is too small
 * for that, this one reads on by itself, piece by piece ({@link BatchReader}), until the large records are behind it. What
 * is given does not depend on which of both read it.
 */
public final class BoundedConsumer<V> extends KafkaConsumer<byte[], V> {

    private static final Logger log = LoggerFactory.getLogger(BoundedConsumer.class);

    private static final BoundedParts<byte[]> ARRAYS = new BoundedParts<>(Topics::bounds, Utils::toArray);

    private final Map<String, Object> config;
    private final BoundedParts<V> parts;
    private boolean inPieces;

    /** What was fetched with a record that did not fit may still be there, and throws when its turn comes. */
    private boolean leftBroken;

    private BoundedConsumer(Map<String, Object> config, BoundedParts<V> parts) {
        super(config, parts.keyDeserializer(), parts.valueDeserializer());
        this.config =
                ConsumerConfig.appendDeserializerToConfig(config, parts.keyDeserializer(), parts.valueDeserializer());
        this.parts = parts;
    }

    /** A consumer that gives values as arrays. */
    public static BoundedConsumer<byte[]> ofArrays(Map<String, Object> config) {
        return new BoundedConsumer<>(config, ARRAYS);
    }

    /** A consumer that gives values as views of what it fetched. */
    public static BoundedConsumer<ByteBuffer> ofBuffers(Map<String, Object> config) {
        return new BoundedConsumer<>(config, new BoundedParts<>(Topics::bounds, Function.identity()));
    }

    /** A record that is in memory already, as a consumer would have given it. */
    public static ConsumerRecord<byte[], byte[]> bounded(ConsumerRecord<byte[], byte[]> record) {
        return ARRAYS.again(record);
    }

    /** Reads the next records as it does when they do not fit into memory. */
    void readInPieces() {
        inPieces = true;
    }

    @Override
    public ConsumerRecords<byte[], V> poll(Duration timeout) {
        long begin = System.nanoTime();
        Map<TopicPartition, Long> before = positions(timeout);
        if (inPieces) {
            return readInPieces(before);
        }
        Set<TopicPartition> nowhere = new HashSet<>(assignment());
        nowhere.removeAll(before.keySet());
        nowhere.removeAll(paused());
        Duration left = timeout.minusNanos(System.nanoTime() - begin);
        try {
            return bounded(pollWithout(nowhere, left.isNegative() ? Duration.ZERO : left));
        } catch (OutOfMemoryError e) {
            log.warn(
                    "a record on {} does not fit into memory ({}): reading it in pieces",
                    before.keySet(),
                    e.toString());
            leftBroken = true;
        } catch (KafkaException e) {
            if (!leftBroken || e.getClass() != KafkaException.class) {
                throw e;
            }
            log.debug("at the record again that did not fit into memory", e);
        }
        inPieces = true;
        return readInPieces(before);
    }

    /**
     * Where the partitions are that have a position: a poll that fails may have moved some of them. The others get theirs
     * with the polls to come.
     *
     * @param limit how long to wait for the first of them
     */
    private Map<TopicPartition, Long> positions(Duration limit) {
        Map<TopicPartition, Long> positions = new HashMap<>();
        Set<TopicPartition> nowhere = new HashSet<>();
        for (TopicPartition partition : assignment()) {
            put(positions, nowhere, partition, Duration.ZERO);
        }
        if (positions.isEmpty() && !nowhere.isEmpty()) {
            put(positions, nowhere, nowhere.iterator().next(), limit);
            // They are looked up together.
            Set.copyOf(nowhere).forEach(partition -> put(positions, nowhere, partition, Duration.ZERO));
        }
        return positions;
    }

    private void put(
            Map<TopicPartition, Long> positions,
            Set<TopicPartition> nowhere,
            TopicPartition partition,
            Duration limit) {
        try {
            positions.put(partition, position(partition, limit));
            nowhere.remove(partition);
        } catch (TimeoutException e) {
            log.trace("{} has no position yet", partition, e);
            nowhere.add(partition);
        }
    }

    private ConsumerRecords<byte[], V> pollWithout(Set<TopicPartition> partitions, Duration timeout) {
        if (partitions.isEmpty()) {
            return super.poll(timeout);
        }
        pause(partitions);
        try {
            return super.poll(timeout);
        } finally {
            partitions.retainAll(assignment());
            resume(partitions);
        }
    }

    private ConsumerRecords<byte[], V> bounded(ConsumerRecords<byte[], V> polled) {
        for (ConsumerRecord<byte[], V> record : polled) {
            if (parts.bounded(record) != record) {
                return cut(polled);
            }
        }
        return polled;
    }

    private ConsumerRecords<byte[], V> cut(ConsumerRecords<byte[], V> polled) {
        Map<TopicPartition, List<ConsumerRecord<byte[], V>>> records = new HashMap<>();
        for (TopicPartition partition : polled.partitions()) {
            records.put(
                    partition,
                    polled.records(partition).stream().map(parts::bounded).toList());
        }
        return new ConsumerRecords<>(records, polled.nextOffsets());
    }

    private ConsumerRecords<byte[], V> readInPieces(Map<TopicPartition, Long> from) {
        Set<TopicPartition> wanted = new HashSet<>(from.keySet());
        wanted.removeAll(paused());
        for (TopicPartition partition : wanted) {
            seek(partition, from.get(partition)); // and forget what was fetched
        }
        // For the group, which takes a consumer that does not poll for dead; a new partition may come with it.
        ConsumerRecords<byte[], V> others = bounded(pollWithout(wanted, Duration.ZERO));
        Map<TopicPartition, OffsetAndMetadata> next = new HashMap<>(others.nextOffsets());
        Map<TopicPartition, List<ConsumerRecord<byte[], V>>> records = new HashMap<>();
        others.partitions().forEach(partition -> records.put(partition, others.records(partition)));
        boolean large = false;
        try (BatchReader reader = new BatchReader(config, parts.bounds())) {
            for (TopicPartition partition : wanted) {
                BatchReader.Piece piece = reader.read(partition, from.get(partition));
                large |= piece.large();
                if (piece.next() > from.get(partition)) {
                    next.put(partition, new OffsetAndMetadata(piece.next()));
                    records.put(
                            partition, piece.records().stream().map(this::given).toList());
                }
            }
        }
        next.forEach((partition, offset) -> seek(partition, offset.offset()));
        inPieces = large;
        return new ConsumerRecords<>(records, next);
    }

    private ConsumerRecord<byte[], V> given(ConsumerRecord<byte[], byte[]> record) {
        byte[] value = record.value();
        V given = value == null ? null : parts.values().apply(ByteBuffer.wrap(value));
        return BoundedParts.with(record, record.key(), given, record.headers());
    }
}
