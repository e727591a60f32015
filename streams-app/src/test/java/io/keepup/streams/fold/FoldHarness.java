package io.keepup.streams.fold;

import io.keepup.engine.Policy;
import io.keepup.schemas.codec.ConfluentAvroCodec;
import io.keepup.schemas.codec.RecordCodec;
import io.keepup.schemas.codec.UndecodableException;
import io.keepup.schemas.consumer.BoundedConsumer;
import io.keepup.schemas.topic.Topics;
import io.keepup.streams.InMemoryRegistry;
import io.keepup.streams.metrics.FoldMetrics;
import io.keepup.streams.view.PublishedProjections;
import io.keepup.streams.watchdog.WatchdogSettings;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.TreeMap;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.record.TimestampType;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.TestInputTopic;
import org.apache.kafka.streams.TopologyTestDriver;
import org.apache.kafka.streams.test.TestRecord;

/** The topology under Kafka's test driver, with what comes out on each topic. */
final class FoldHarness implements AutoCloseable {

    /** An output, decoded. */
    record Out(String topic, String key, SpecificRecord value, Map<String, String> headers, byte[] bytes) {
        <T extends SpecificRecord> T as(Class<T> type) {
            return type.cast(value);
        }
    }

    static final List<String> OUTPUTS = List.of(
            Topics.COMMANDS_NODE, Topics.COMMANDS_SESSION, Topics.PROJECTIONS, Topics.SESSIONS, Topics.REJECTED);

    /** What the wall's clock shows at first: when the first event is said. */
    static final Instant START = Instant.ofEpochMilli(1_700_000_000_000L);

    final InMemoryRegistry registry = new InMemoryRegistry();
    final RecordCodec codec = new ConfluentAvroCodec(registry);
    final FoldMetrics metrics = new FoldMetrics(new SimpleMeterRegistry());
    final RegistryPatience patience = new RegistryPatience(Duration.ofMillis(1));
    private final TopologyTestDriver driver;
    private Instant wall = START;
    private final Clock clock = new Clock() {
        @Override
        public Instant instant() {
            return wall;
        }

        @Override
        public ZoneId getZone() {
            return ZoneOffset.UTC;
        }

        @Override
        public Clock withZone(ZoneId zone) {
            throw new UnsupportedOperationException();
        }
    };
    private final TestInputTopic<byte[], byte[]> events;

    FoldHarness(Path stateDirectory) {
        this(stateDirectory, Policy.safe());
    }

    FoldHarness(Path stateDirectory, Policy policy) {
        this(stateDirectory, policy, WatchdogSettings.DEFAULT);
    }

    FoldHarness(Path stateDirectory, Policy policy, WatchdogSettings watchdog) {
        this(stateDirectory, policy, watchdog, PublishedProjections.unchecked());
    }

    FoldHarness(Path stateDirectory, Policy policy, WatchdogSettings watchdog, PublishedProjections published) {
        Properties config = new Properties();
        config.put(StreamsConfig.APPLICATION_ID_CONFIG, "keepup-test");
        config.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, "nowhere:1");
        config.put(StreamsConfig.STATE_DIR_CONFIG, stateDirectory.toString());
        config.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, StreamsConfig.EXACTLY_ONCE_V2);
        driver = new TopologyTestDriver(
                KeepupTopology.build(
                        codec, policy, 1, watchdog, clock, patience, metrics, StateRecovery.ofNewApp(), published),
                config,
                START);
        events = driver.createInputTopic(Topics.EVENTS, new ByteArraySerializer(), new ByteArraySerializer());
    }

    /** An event under its volume's key. */
    List<Out> send(SpecificRecord event) {
        return send(volumeId(event), codec.encode(Topics.EVENTS, event));
    }

    List<Out> send(String key, byte[] value, Header... headers) {
        byte[] keyBytes = key == null ? null : key.getBytes(StandardCharsets.UTF_8);
        ConsumerRecord<byte[], byte[]> given = BoundedConsumer.bounded(new ConsumerRecord<>(
                Topics.EVENTS,
                0,
                -1,
                ConsumerRecord.NO_TIMESTAMP,
                TimestampType.CREATE_TIME,
                ConsumerRecord.NULL_SIZE,
                ConsumerRecord.NULL_SIZE,
                keyBytes,
                value,
                new RecordHeaders(headers),
                Optional.empty()));
        events.pipeInput(new TestRecord<>(given.key(), given.value(), given.headers(), 1_700_000_000_000L));
        return outputs();
    }

    /** Bytes of a volume's state, null when there are none. */
    byte[] stored(String volumeId) {
        return driver.<String, byte[]>getKeyValueStore(KeepupTopology.STORE_VOLUMES)
                .get(volumeId);
    }

    /** Time goes by, second by second, without a record. */
    List<Out> pass(Duration time) {
        for (Duration left = time; left.isPositive(); left = left.minusSeconds(1)) {
            goOn(left.compareTo(Duration.ofSeconds(1)) < 0 ? left : Duration.ofSeconds(1));
        }
        return outputs();
    }

    /** Time goes by while nobody looks. */
    List<Out> leap(Duration time) {
        goOn(time);
        return outputs();
    }

    private void goOn(Duration time) {
        wall = wall.plus(time);
        driver.advanceWallClockTime(time);
    }

    /** Somebody sets the clock; no time goes by. */
    void stepClock(Duration by) {
        wall = wall.plus(by);
    }

    private List<Out> outputs() {
        List<Out> outs = new ArrayList<>();
        List<String> topics = new ArrayList<>(OUTPUTS);
        topics.add(Topics.EVENTS); // what the watchdog said; the driver has folded it already
        for (String topic : topics) {
            driver.createOutputTopic(topic, new ByteArrayDeserializer(), new ByteArrayDeserializer())
                    .readRecordsToList()
                    .forEach(record -> outs.add(out(topic, record)));
        }
        return outs;
    }

    private Out out(String topic, TestRecord<byte[], byte[]> record) {
        Map<String, String> headers = new TreeMap<>();
        record.headers().forEach(h -> headers.put(h.key(), new String(h.value(), StandardCharsets.UTF_8)));
        try {
            String key = record.key() == null ? null : new String(record.key(), StandardCharsets.UTF_8);
            return new Out(topic, key, codec.decode(record.value()), headers, record.value());
        } catch (UndecodableException e) {
            throw new AssertionError("output on %s".formatted(topic), e);
        }
    }

    private static String volumeId(SpecificRecord event) {
        return ((io.keepup.v1.Meta) event.get(event.getSchema().getField("meta").pos())).getVolumeId();
    }

    @Override
    public void close() {
        driver.close();
    }
}
