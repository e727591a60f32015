package io.keepup.streams.audit;

import io.keepup.engine.Policy;
import io.keepup.schemas.codec.CloudEventHeaders;
import io.keepup.schemas.codec.ConfluentAvroCodec;
import io.keepup.schemas.codec.RecordCodec;
import io.keepup.schemas.consumer.BoundedConsumer;
import io.keepup.schemas.topic.KeyPartitions;
import io.keepup.schemas.topic.Topics;
import io.keepup.streams.InMemoryRegistry;
import io.keepup.streams.audit.cluster.ClusterLog;
import io.keepup.streams.fold.KeepupTopology;
import io.keepup.streams.fold.RegistryPatience;
import io.keepup.streams.fold.StateRecovery;
import io.keepup.streams.metrics.FoldMetrics;
import io.keepup.streams.view.PublishedProjections;
import io.keepup.streams.watchdog.WatchdogSettings;
import io.keepup.v1.Meta;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.record.TimestampType;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.TestInputTopic;
import org.apache.kafka.streams.TopologyTestDriver;
import org.apache.kafka.streams.test.TestRecord;

/**
 * The app's own topology under Kafka's test driver, and everything that went in and came out as it would lie on a cluster
 * with three partitions for each topic of outputs; whatever may happen to records there can be done to them here.
 */
public final class RecordedFold implements AuditLog {

    private static final int PARTITIONS = 3;
    private static final Instant START = Instant.ofEpochMilli(1_700_000_000_000L);

    public final InMemoryRegistry registry = new InMemoryRegistry();
    public final RecordCodec codec = new ConfluentAvroCodec(registry);
    private final TopologyTestDriver driver;
    private final TestInputTopic<byte[], byte[]> input;
    private final List<ConsumerRecord<byte[], byte[]>> events = new ArrayList<>();
    private final Map<TopicPartition, List<ConsumerRecord<byte[], byte[]>>> outputs = new HashMap<>();
    private final Map<TopicPartition, Long> begins = new HashMap<>();
    private String volumeId;
    private long end = Long.MAX_VALUE;

    public RecordedFold(Path stateDirectory, Policy policy) {
        Properties config = new Properties();
        config.put(StreamsConfig.APPLICATION_ID_CONFIG, "keepup-audit-test");
        config.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, "nowhere:1");
        config.put(StreamsConfig.STATE_DIR_CONFIG, stateDirectory.toString());
        config.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, StreamsConfig.EXACTLY_ONCE_V2);
        driver = new TopologyTestDriver(
                KeepupTopology.build(
                        codec,
                        policy,
                        1,
                        WatchdogSettings.DEFAULT,
                        Clock.systemUTC(),
                        new RegistryPatience(Duration.ofMillis(1)),
                        new FoldMetrics(new SimpleMeterRegistry()),
                        StateRecovery.ofNewApp(),
                        PublishedProjections.unchecked()),
                config,
                START);
        input = driver.createInputTopic(Topics.EVENTS, new ByteArraySerializer(), new ByteArraySerializer());
        for (String topic : ClusterLog.OUTPUTS) {
            for (int i = 0; i < PARTITIONS; i++) {
                outputs.put(new TopicPartition(topic, i), new ArrayList<>());
                begins.put(new TopicPartition(topic, i), 0L);
            }
        }
    }

    // ------------------------------------------------------------- the fold

    /** Folds events, each with its CloudEvents headers. */
    public void send(SpecificRecord... records) {
        for (SpecificRecord event : records) {
            Meta meta = (Meta) event.get(0);
            RecordHeaders headers =
                    new RecordHeaders(CloudEventHeaders.of(event.getSchema().getFullName(), meta));
            send(meta.getVolumeId(), codec.encode(Topics.EVENTS, event), headers);
        }
    }

    public void send(String key, byte[] value, Headers headers) {
        byte[] bytes = key == null ? null : key.getBytes(StandardCharsets.UTF_8);
        long at = START.toEpochMilli() + 1_000L * events.size();
        ConsumerRecord<byte[], byte[]> event =
                BoundedConsumer.bounded(record(Topics.EVENTS, 0, events.size(), at, bytes, value, headers));
        events.add(event);
        input.pipeInput(new TestRecord<>(event.key(), event.value(), event.headers(), at));
        for (String topic : ClusterLog.OUTPUTS) {
            driver.createOutputTopic(topic, new ByteArrayDeserializer(), new ByteArrayDeserializer())
                    .readRecordsToList()
                    .forEach(out -> put(topic, out.key(), out.value(), out.headers()));
        }
    }

    /** Bytes of a volume's state in the app's store, null when there are none. */
    public byte[] stored(String volume) {
        return driver.<String, byte[]>getKeyValueStore(KeepupTopology.STORE_VOLUMES)
                .get(volume);
    }

    public long eventCount() {
        return events.size();
    }

    // ----------------------------------------------------------- the topics

    /** All records of a topic, partition by partition. */
    public List<ConsumerRecord<byte[], byte[]>> on(String topic) {
        List<ConsumerRecord<byte[], byte[]>> all = new ArrayList<>();
        for (int i = 0; i < PARTITIONS; i++) {
            all.addAll(outputs.get(new TopicPartition(topic, i)));
        }
        return all;
    }

    /** Somebody produces a record. */
    public Place put(String topic, byte[] key, byte[] value, Headers headers) {
        return put(topic, key == null ? 1 : KeyPartitions.partitionFor(key, PARTITIONS), key, value, headers);
    }

    public Place put(String topic, int partition, byte[] key, byte[] value, Headers headers) {
        List<ConsumerRecord<byte[], byte[]>> log = outputs.get(new TopicPartition(topic, partition));
        long offset = log.isEmpty() ? 0 : log.get(log.size() - 1).offset() + 1;
        ConsumerRecord<byte[], byte[]> record = record(topic, partition, offset, 0, key, value, headers);
        log.add(record);
        return Place.of(record);
    }

    /** A record is there with other content, as if it had been written so. */
    public void replace(ConsumerRecord<byte[], byte[]> old, byte[] key, byte[] value, Headers headers) {
        outputs.get(Place.of(old).partition())
                .replaceAll(r -> r == old
                        ? record(r.topic(), r.partition(), r.offset(), r.timestamp(), key, value, headers)
                        : r);
    }

    /** All records of a topic have other values. */
    public void rewrite(String topic, UnaryOperator<byte[]> value) {
        on(topic).forEach(r -> replace(r, r.key(), value.apply(r.value()), r.headers()));
    }

    public void remove(ConsumerRecord<byte[], byte[]> record) {
        outputs.get(Place.of(record).partition()).remove(record);
    }

    /** Retention took the oldest records of every partition of a topic. */
    public void expire(String topic, int countOfEach) {
        for (int i = 0; i < PARTITIONS; i++) {
            List<ConsumerRecord<byte[], byte[]>> log = outputs.get(new TopicPartition(topic, i));
            List<ConsumerRecord<byte[], byte[]>> old = log.subList(0, Math.min(countOfEach, log.size()));
            begins.merge(new TopicPartition(topic, i), (long) old.size(), Long::sum);
            old.clear();
        }
    }

    /** Of every key only the newest record is left. */
    public void compact(String topic) {
        Map<String, ConsumerRecord<byte[], byte[]>> newest = new HashMap<>();
        on(topic).forEach(r -> newest.put(new String(r.key(), StandardCharsets.UTF_8), r));
        on(topic).stream().filter(r -> !newest.containsValue(r)).forEach(this::remove);
    }

    private static ConsumerRecord<byte[], byte[]> record(
            String topic, int partition, long offset, long timestamp, byte[] key, byte[] value, Headers headers) {
        return new ConsumerRecord<>(
                topic,
                partition,
                offset,
                timestamp,
                TimestampType.CREATE_TIME,
                key == null ? -1 : key.length,
                value == null ? -1 : value.length,
                key,
                value,
                new RecordHeaders(headers),
                Optional.empty());
    }

    // ------------------------------------------------------------ the audit

    /** From now on seen for one volume only; null for all. */
    public RecordedFold of(String volume) {
        volumeId = volume;
        return this;
    }

    public RecordedFold endAt(long offset) {
        end = offset;
        return this;
    }

    @Override
    public Extent extent() {
        return new Extent(volumeId, 0, 1, 0, Math.min(end, events.size()), begins);
    }

    @Override
    public void events(Progress progress, Predicate<ConsumerRecord<byte[], byte[]>> sink) {
        for (ConsumerRecord<byte[], byte[]> event : events) {
            boolean ours = volumeId == null
                    || event.key() != null && volumeId.equals(new String(event.key(), StandardCharsets.UTF_8));
            if (ours && (event.offset() >= end || !sink.test(event))) {
                return;
            }
        }
    }

    @Override
    public void outputs(Progress progress, Consumer<ConsumerRecord<byte[], byte[]>> sink) {
        outputs.values().forEach(log -> log.forEach(sink));
    }

    @Override
    public List<ConsumerRecord<byte[], byte[]>> fetch(Collection<Place> places) {
        return outputs.values().stream()
                .flatMap(List::stream)
                .filter(r -> places.contains(Place.of(r)))
                .toList();
    }

    @Override
    public void close() {
        driver.close();
    }
}
