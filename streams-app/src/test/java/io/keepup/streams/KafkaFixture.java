package io.keepup.streams;

import io.keepup.embedded.EmbeddedBroker;
import io.keepup.embedded.registry.EmbeddedRegistry;
import io.keepup.schemas.codec.ConfluentAvroCodec;
import io.keepup.schemas.codec.RecordCodec;
import io.keepup.schemas.codec.UndecodableException;
import io.keepup.schemas.consumer.BoundedConsumer;
import io.keepup.schemas.registry.HttpSchemaRegistry;
import io.keepup.schemas.registry.SchemaRegistration;
import io.keepup.schemas.topic.TopicAdmin;
import io.keepup.schemas.topic.Topics;
import io.keepup.v1.Meta;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.function.Predicate;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** A real broker and registry with Keepup's topics, a producer of events and read_committed readers. */
final class KafkaFixture implements AutoCloseable {

    private static final int MAX_EVENT = Topics.EVENTS_MAX_MESSAGE_BYTES;

    final RecordCodec codec;
    final HttpSchemaRegistry registry;
    private final EmbeddedBroker broker;
    private EmbeddedRegistry registryServer;
    private final KafkaProducer<byte[], byte[]> producer;

    private KafkaFixture(EmbeddedBroker broker) {
        this.broker = broker;
        registryServer = EmbeddedRegistry.start(broker.bootstrapServers(), 0);
        registry = new HttpSchemaRegistry(registryServer.url(), Duration.ofSeconds(10));
        codec = new ConfluentAvroCodec(registry);
        producer = new KafkaProducer<>(
                Map.of(
                        "bootstrap.servers",
                        broker.bootstrapServers(),
                        "max.request.size",
                        2 * MAX_EVENT,
                        "buffer.memory",
                        4L * MAX_EVENT),
                new ByteArraySerializer(),
                new ByteArraySerializer());
    }

    /** A producer of records that are much larger than their batch. */
    KafkaProducer<byte[], byte[]> compressing(int lingerMs) {
        return new KafkaProducer<>(
                Map.of(
                        "bootstrap.servers",
                        broker.bootstrapServers(),
                        "compression.type",
                        "zstd",
                        "linger.ms",
                        lingerMs,
                        "batch.size",
                        1 << 20,
                        "max.request.size",
                        200 << 20,
                        "buffer.memory",
                        1L << 30),
                new ByteArraySerializer(),
                new ByteArraySerializer());
    }

    static KafkaFixture start(Path directory) {
        return new KafkaFixture(EmbeddedBroker.start(directory, 0));
    }

    void createTopics() {
        try (Admin admin = admin()) {
            new TopicAdmin(admin, Duration.ofSeconds(20)).ensure(Topics.shared(), (short) 1);
        }
        SchemaRegistration.registerAll(registry, Topics.shared());
    }

    StreamsSettings settings(Path stateDirectory) {
        Map<String, String> settings = new HashMap<>();
        settings.put(StreamsSettings.BOOTSTRAP, broker.bootstrapServers());
        settings.put(StreamsSettings.REGISTRY_URL, registryServer.url());
        settings.put(StreamsSettings.STATE_DIR, stateDirectory.toString());
        settings.put(StreamsSettings.STANDBYS, "0");
        settings.put(StreamsSettings.HTTP_PORT, "0");
        return StreamsSettings.of(settings);
    }

    Admin admin() {
        return Admin.create(Map.of("bootstrap.servers", broker.bootstrapServers()));
    }

    /** Reads what is committed, from wherever it is told to. */
    KafkaConsumer<byte[], byte[]> consumer() {
        return BoundedConsumer.ofArrays(Map.of(
                "bootstrap.servers",
                broker.bootstrapServers(),
                "isolation.level",
                "read_committed",
                "enable.auto.commit",
                false,
                "auto.offset.reset",
                "earliest"));
    }

    void send(SpecificRecord... events) throws InterruptedException, ExecutionException {
        for (SpecificRecord event : events) {
            String volumeId = ((Meta) event.get(0)).getVolumeId();
            send(volumeId, codec.encode(Topics.EVENTS, event));
        }
    }

    void send(String key, byte[] value) throws InterruptedException, ExecutionException {
        producer.send(new ProducerRecord<>(Topics.EVENTS, key.getBytes(StandardCharsets.UTF_8), value))
                .get();
    }

    /** Anybody's record on any topic. */
    void put(String topic, byte[] key, byte[] value, Headers headers) throws InterruptedException, ExecutionException {
        producer.send(new ProducerRecord<>(topic, null, key, value, headers)).get();
    }

    /** The same, to a partition if it names one; returns where Kafka put it. */
    RecordMetadata put(ProducerRecord<byte[], byte[]> record) throws InterruptedException, ExecutionException {
        return producer.send(record).get();
    }

    /** The schema registry is gone, until {@link #startRegistry(int)}. Returns its port. */
    int stopRegistry() {
        int port = registryServer.port();
        registryServer.close();
        return port;
    }

    void startRegistry(int port) {
        registryServer = EmbeddedRegistry.start(broker.bootstrapServers(), port);
    }

    /** A record as a read_committed consumer sees it. */
    record Read(String key, SpecificRecord value) {}

    /** All committed records of a topic so far, by partition. */
    List<Read> read(String topic) {
        return read(topic, key -> true);
    }

    /** The same of some keys only; what the others have need not be decodable. */
    List<Read> read(String topic, Predicate<String> keys) {
        try (KafkaConsumer<byte[], byte[]> consumer = consumer()) {
            List<TopicPartition> partitions = consumer.partitionsFor(topic).stream()
                    .map(p -> new TopicPartition(topic, p.partition()))
                    .toList();
            consumer.assign(partitions);
            consumer.seekToBeginning(partitions);
            Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
            List<Read> records = new ArrayList<>();
            while (partitions.stream().anyMatch(p -> consumer.position(p) < ends.get(p))) {
                for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofMillis(100))) {
                    String key = new String(record.key(), StandardCharsets.UTF_8);
                    if (keys.test(key)) {
                        records.add(new Read(key, decode(record)));
                    }
                }
            }
            return records;
        }
    }

    private SpecificRecord decode(ConsumerRecord<byte[], byte[]> record) {
        try {
            return codec.decode(record.value());
        } catch (UndecodableException e) {
            throw new AssertionError(record.topic(), e);
        }
    }

    @Override
    public void close() {
        producer.close();
        registry.close();
        registryServer.close();
        broker.close();
    }
}
