package io.keepup.cli.scenario;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.LockSupport;
import org.apache.kafka.clients.CommonClientConfigs;
import org.apache.kafka.clients.consumer.ConsumerInterceptor;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.ProducerInterceptor;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;

/**
 * What lies between nodes and broker: every Kafka client of a node under test has one. A test can make a topic slow to send
 * to, so that a base takes as long as the test needs, and lose what a topic brings to a node.
 */
public final class Network implements ProducerInterceptor<byte[], byte[]>, ConsumerInterceptor<byte[], byte[]> {

    private static final Map<String, Duration> SLOW = new ConcurrentHashMap<>();
    private static final Set<Loss> LOST = ConcurrentHashMap.newKeySet();

    private String client;

    /** Every record sent to the topic takes this long from now on. */
    static void slow(String topic, Duration each) {
        SLOW.put(topic, each);
    }

    /** The topic takes records at full speed again. */
    static void fast(String topic) {
        SLOW.remove(topic);
    }

    /** Loses all records of a topic on their way to a node. */
    static void lose(String nodeId, String topic) {
        LOST.add(new Loss(nodeId, topic));
    }

    /** Records of the topic come to the node again. */
    static void bring(String nodeId, String topic) {
        LOST.remove(new Loss(nodeId, topic));
    }

    private record Loss(String nodeId, String topic) {}

    @Override
    public void configure(Map<String, ?> configs) {
        client = String.valueOf(configs.get(CommonClientConfigs.CLIENT_ID_CONFIG));
    }

    private boolean loses(String topic) {
        return LOST.stream()
                .anyMatch(loss -> loss.topic.equals(topic) && client.startsWith("keepup-" + loss.nodeId + "-"));
    }

    @Override
    public ProducerRecord<byte[], byte[]> onSend(ProducerRecord<byte[], byte[]> record) {
        Duration each = SLOW.get(record.topic());
        if (each != null) {
            LockSupport.parkNanos(each.toNanos());
        }
        return record;
    }

    @Override
    public ConsumerRecords<byte[], byte[]> onConsume(ConsumerRecords<byte[], byte[]> records) {
        if (LOST.isEmpty()) {
            return records;
        }
        Map<TopicPartition, List<ConsumerRecord<byte[], byte[]>>> arrived = new HashMap<>();
        for (TopicPartition partition : records.partitions()) {
            if (!loses(partition.topic())) {
                arrived.put(partition, new ArrayList<>(records.records(partition)));
            }
        }
        return new ConsumerRecords<>(arrived, records.nextOffsets());
    }

    @Override
    public void onAcknowledgement(RecordMetadata metadata, Exception exception) {}

    @Override
    public void onCommit(Map<TopicPartition, OffsetAndMetadata> offsets) {}

    @Override
    public void close() {}
}
