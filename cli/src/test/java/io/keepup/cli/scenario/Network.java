package io.keepup.cli.scenario;

import io.keepup.schemas.topic.TopicSpec;
import io.keepup.schemas.topic.Topics;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
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
 * What lies between nodes, fold and broker: every Kafka client of a node under test has one, and every producer of a fold. A
 * test can make a topic slow to send to or let only so much through, so that a base takes as long as the test needs, lose what a
 * topic brings to a node, hold it up, alter it, cut a node off, and have all that is put on the shared topics for a volume delivered by a {@link Courier}.
 */
public final class Network implements ProducerInterceptor<byte[], byte[]>, ConsumerInterceptor<byte[], ByteBuffer> {

    private static final Map<String, Duration> SLOW = new ConcurrentHashMap<>();
    private static final Map<String, Gate> GATES = new ConcurrentHashMap<>();
    private static final Set<Way> LOST = ConcurrentHashMap.newKeySet();
    private static final Set<Way> HELD = ConcurrentHashMap.newKeySet();
    private static final Map<Way, Alteration> ALTERED = new ConcurrentHashMap<>();
    private static final Set<String> CUT = ConcurrentHashMap.newKeySet();
    private static final Set<String> DETOURED = ConcurrentHashMap.newKeySet();
    private static final String DETOUR = "detour.";
    private static final Set<String> READ = Set.of(
            Topics.EVENTS, Topics.COMMANDS_NODE, Topics.COMMANDS_SESSION, Topics.SYNC_REQUESTS, Topics.SYNC_ACKS);
    private static final long STEP_NANOS = 5_000_000;

    private String client;

    /** Every record sent to the topic takes this long from now on. */
    static void slow(String topic, Duration each) {
        SLOW.put(topic, each);
    }

    /** Of each session's base, only so many records more go to the topic; the next session lets go of the one before. */
    static void gate(String topic, int records) {
        GATES.put(topic, new Gate(records));
    }

    /** The topic takes all records at full speed again. */
    static void fast(String topic) {
        SLOW.remove(topic);
        GATES.remove(topic);
    }

    private static final class Gate {
        private final int records;
        private long newest;
        private int passed;

        Gate(int records) {
            this.records = records;
        }

        synchronized boolean holds(long session) {
            if (session > newest) {
                newest = session;
                passed = 0;
            }
            return session == newest && ++passed > records;
        }
    }

    /** Loses all records of a topic on their way to a node. */
    static void lose(String nodeId, String topic) {
        LOST.add(new Way(nodeId, topic));
    }

    /** Holds up all records of a topic on their way to a node; none is lost. */
    static void hold(String nodeId, String topic) {
        HELD.add(new Way(nodeId, topic));
    }

    /** Alters records of a topic on their way to a node. */
    static void alter(String nodeId, String topic, Alteration alteration) {
        ALTERED.put(new Way(nodeId, topic), alteration);
    }

    /** Records of the topic that were held come to the node, or are lost if the topic loses what it brings. */
    static void release(String nodeId, String topic) {
        HELD.remove(new Way(nodeId, topic));
    }

    /** What becomes of a record on its way. */
    interface Alteration {
        /**
         * @param client id of the consumer it is on its way to; each session has its own
         * @return the value that arrives; null when nothing does
         */
        ByteBuffer on(String client, ConsumerRecord<byte[], ByteBuffer> record);
    }

    /** Records of the topic come to the node again as they were sent, and those that were held. */
    static void bring(String nodeId, String topic) {
        LOST.remove(new Way(nodeId, topic));
        HELD.remove(new Way(nodeId, topic));
        ALTERED.remove(new Way(nodeId, topic));
    }

    /** Nothing comes to the node or leaves it; it does not notice, and nothing is lost. */
    static void cut(String nodeId) {
        CUT.add(nodeId);
    }

    /** The node is reached again. */
    static void mend(String nodeId) {
        CUT.remove(nodeId);
    }

    /** From now on what is put on a shared topic for the volume, its own nodes included, waits for a {@link Courier}. */
    static void detour(String volumeId) {
        DETOURED.add(volumeId);
    }

    /** It goes straight to its topic again. */
    static void direct(String volumeId) {
        DETOURED.remove(volumeId);
    }

    /** The topics on which it waits, one for each shared one that nodes and fold read. */
    static List<TopicSpec> detours() {
        return Topics.shared().stream()
                .filter(topic -> READ.contains(topic.name()))
                .map(topic -> new TopicSpec(
                        DETOUR + topic.name(),
                        topic.key(),
                        topic.partitions(),
                        topic.cleanup(),
                        topic.config(),
                        List.of()))
                .toList();
    }

    /** The topic for which a record on a detour was meant. */
    static String meant(String detour) {
        return detour.substring(DETOUR.length());
    }

    /** All is well again for a volume, its nodes and lanes. */
    static void calm(String volumeId) {
        DETOURED.remove(volumeId);
        SLOW.keySet().removeIf(topic -> topic.contains("." + volumeId + "."));
        GATES.keySet().removeIf(topic -> topic.contains("." + volumeId + "."));
        LOST.removeIf(way -> way.nodeId.startsWith(volumeId + "-"));
        HELD.removeIf(way -> way.nodeId.startsWith(volumeId + "-"));
        ALTERED.keySet().removeIf(way -> way.nodeId.startsWith(volumeId + "-"));
        CUT.removeIf(nodeId -> nodeId.startsWith(volumeId + "-"));
    }

    private record Way(String nodeId, String topic) {}

    @Override
    public void configure(Map<String, ?> configs) {
        client = String.valueOf(configs.get(CommonClientConfigs.CLIENT_ID_CONFIG));
    }

    private boolean isOn(Set<Way> ways, String topic) {
        return ways.stream().anyMatch(way -> way.topic.equals(topic) && isOf(way.nodeId));
    }

    private boolean isCut() {
        return CUT.stream().anyMatch(this::isOf);
    }

    private boolean isOf(String nodeId) {
        return client.startsWith("keepup-" + nodeId + "-");
    }

    /** A hand on the line, not a wait for anything: whoever sends or polls stands still meanwhile. */
    private static void standStillWhile(BooleanSupplier held) {
        while (held.getAsBoolean()) {
            LockSupport.parkNanos(STEP_NANOS);
        }
    }

    @Override
    public ProducerRecord<byte[], byte[]> onSend(ProducerRecord<byte[], byte[]> record) {
        standStillWhile(this::isCut);
        Gate gate = GATES.get(record.topic());
        if (gate != null) {
            long session = Long.parseLong(new String(record.key(), StandardCharsets.UTF_8));
            standStillWhile(() -> GATES.get(record.topic()) == gate && gate.holds(session));
        }
        Duration each = SLOW.get(record.topic());
        if (each != null) {
            LockSupport.parkNanos(each.toNanos());
        }
        return isDetoured(record)
                ? new ProducerRecord<>(
                        DETOUR + record.topic(),
                        record.partition(),
                        record.timestamp(),
                        record.key(),
                        record.value(),
                        record.headers())
                : record;
    }

    /** Keys of shared topics are volume ids, and ids of nodes, which begin with their volume's. */
    private static boolean isDetoured(ProducerRecord<byte[], byte[]> record) {
        if (DETOURED.isEmpty() || !READ.contains(record.topic()) || record.key() == null) {
            return false;
        }
        String key = new String(record.key(), StandardCharsets.UTF_8);
        return DETOURED.stream().anyMatch(volumeId -> isOf(volumeId, key));
    }

    /** Whether a key is the volume's, or that of one of its nodes. */
    static boolean isOf(String volumeId, String key) {
        return key.equals(volumeId) || key.startsWith(volumeId + "-");
    }

    @Override
    public ConsumerRecords<byte[], ByteBuffer> onConsume(ConsumerRecords<byte[], ByteBuffer> records) {
        standStillWhile(() -> isCut() || records.partitions().stream().anyMatch(p -> isOn(HELD, p.topic())));
        if (LOST.isEmpty() && ALTERED.isEmpty()) {
            return records;
        }
        Map<TopicPartition, List<ConsumerRecord<byte[], ByteBuffer>>> arrived = new HashMap<>();
        for (TopicPartition partition : records.partitions()) {
            if (!isOn(LOST, partition.topic())) {
                arrived.put(partition, altered(partition.topic(), records.records(partition)));
            }
        }
        return new ConsumerRecords<>(arrived, records.nextOffsets());
    }

    private List<ConsumerRecord<byte[], ByteBuffer>> altered(
            String topic, List<ConsumerRecord<byte[], ByteBuffer>> records) {
        Alteration alteration = ALTERED.entrySet().stream()
                .filter(e -> e.getKey().topic.equals(topic) && isOf(e.getKey().nodeId))
                .map(Map.Entry::getValue)
                .findFirst()
                .orElse(null);
        List<ConsumerRecord<byte[], ByteBuffer>> arrived = new ArrayList<>();
        for (ConsumerRecord<byte[], ByteBuffer> record : records) {
            ByteBuffer value = alteration == null ? record.value() : alteration.on(client, record);
            if (value != null) {
                arrived.add(value == record.value() ? record : with(record, value));
            }
        }
        return arrived;
    }

    private static ConsumerRecord<byte[], ByteBuffer> with(
            ConsumerRecord<byte[], ByteBuffer> record, ByteBuffer value) {
        return new ConsumerRecord<>(
                record.topic(),
                record.partition(),
                record.offset(),
                record.timestamp(),
                record.timestampType(),
                record.serializedKeySize(),
                value.remaining(),
                record.key(),
                value,
                record.headers(),
                record.leaderEpoch());
    }

    @Override
    public void onAcknowledgement(RecordMetadata metadata, Exception exception) {}

    @Override
    public void onCommit(Map<TopicPartition, OffsetAndMetadata> offsets) {}

    @Override
    public void close() {}
}
