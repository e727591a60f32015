package io.keepup.bench.fold;

import io.keepup.embedded.EmbeddedCluster;
import io.keepup.schemas.codec.ConfluentAvroCodec;
import io.keepup.schemas.codec.RecordCodec;
import io.keepup.schemas.registry.HttpSchemaRegistry;
import io.keepup.schemas.registry.SchemaRegistration;
import io.keepup.schemas.topic.TopicAdmin;
import io.keepup.schemas.topic.TopicSpec;
import io.keepup.schemas.topic.Topics;
import io.keepup.streams.StreamsSettings;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.Callback;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** A broker and registry of its own with Keepup's topics, and clients for them. */
public final class Rig implements AutoCloseable {

    private static final Duration PATIENCE = Duration.ofSeconds(60);

    public final Admin admin;
    public final RecordCodec codec;
    private final EmbeddedCluster cluster;
    private final Path directory;
    private final Map<String, String> settings;
    private final HttpSchemaRegistry registry;
    private final KafkaProducer<byte[], byte[]> bulk;
    private final KafkaProducer<byte[], byte[]> single;

    private Rig(Path directory, Map<String, String> settings, EmbeddedCluster cluster) {
        this.directory = directory;
        this.settings = settings;
        this.cluster = cluster;
        admin = Admin.create(Map.of("bootstrap.servers", cluster.bootstrapServers()));
        registry = new HttpSchemaRegistry(cluster.registryUrl(), PATIENCE);
        codec = new ConfluentAvroCodec(registry);
        bulk = producer(Map.of("linger.ms", 5, "batch.size", 128 << 10, "buffer.memory", 256L << 20));
        single = producer(Map.of("linger.ms", 0));
        SchemaRegistration.registerAll(registry, Topics.shared());
    }

    /**
     * Starts broker and registry and creates all topics.
     *
     * @param settings of the Streams app and its clients, beyond what it takes to reach the broker
     * @param more topics beside Keepup's own
     */
    public static Rig start(Path directory, Map<String, String> settings, List<TopicSpec> more) {
        Rig rig = new Rig(directory, settings, EmbeddedCluster.start(directory.resolve("kafka")));
        List<TopicSpec> topics = new ArrayList<>(Topics.shared());
        topics.addAll(more);
        new TopicAdmin(rig.admin, PATIENCE).ensure(topics, (short) 1);
        return rig;
    }

    public String bootstrapServers() {
        return cluster.bootstrapServers();
    }

    public String registryUrl() {
        return cluster.registryUrl();
    }

    /** The Streams app's settings under that application id. */
    public StreamsSettings streams(String applicationId) {
        Map<String, String> all = new HashMap<>(settings);
        all.put(StreamsSettings.BOOTSTRAP, cluster.bootstrapServers());
        all.put(StreamsSettings.REGISTRY_URL, cluster.registryUrl());
        all.put(StreamsSettings.HTTP_PORT, "0");
        all.putIfAbsent(StreamsSettings.STANDBYS, "0");
        all.put("application.id", applicationId);
        all.put(StreamsSettings.STATE_DIR, directory.resolve(applicationId).toString());
        return StreamsSettings.of(all);
    }

    /** A reader of what was committed, at the end of these topics. */
    public KafkaConsumer<byte[], byte[]> reader(Collection<String> topics) {
        KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(
                Map.of(
                        "bootstrap.servers",
                        cluster.bootstrapServers(),
                        "isolation.level",
                        "read_committed",
                        "enable.auto.commit",
                        false),
                new ByteArrayDeserializer(),
                new ByteArrayDeserializer());
        List<TopicPartition> partitions = topics.stream()
                .flatMap(topic -> consumer.partitionsFor(topic).stream())
                .map(p -> new TopicPartition(p.topic(), p.partition()))
                .toList();
        consumer.assign(partitions);
        consumer.seekToEnd(partitions);
        partitions.forEach(consumer::position);
        return consumer;
    }

    /** Puts all of them on the topic, in large batches, and returns when the broker has them. */
    public void load(String topic, Iterable<Load.Sent> records) {
        AtomicReference<Exception> failure = new AtomicReference<>();
        for (Load.Sent record : records) {
            bulk.send(record(topic, record), (at, e) -> {
                if (e != null) {
                    failure.set(e);
                }
            });
        }
        bulk.flush();
        if (failure.get() != null) {
            throw new IllegalStateException("the broker did not take the load on " + topic, failure.get());
        }
    }

    /** Sends one at once. */
    public void send(String topic, Load.Sent record, Callback acknowledged) {
        single.send(record(topic, record), acknowledged);
    }

    private static ProducerRecord<byte[], byte[]> record(String topic, Load.Sent sent) {
        return new ProducerRecord<>(topic, null, sent.key(), sent.value(), sent.headers());
    }

    private KafkaProducer<byte[], byte[]> producer(Map<String, Object> settings) {
        Map<String, Object> all = new HashMap<>(settings);
        all.put("bootstrap.servers", cluster.bootstrapServers());
        all.put("acks", "all");
        return new KafkaProducer<>(all, new ByteArraySerializer(), new ByteArraySerializer());
    }

    @Override
    public void close() {
        single.close();
        bulk.close();
        admin.close();
        registry.close();
        cluster.close();
    }
}
