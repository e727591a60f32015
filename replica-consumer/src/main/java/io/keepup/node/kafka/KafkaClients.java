package io.keepup.node.kafka;

import io.keepup.node.NodeSettings;
import io.keepup.node.world.Clients;
import io.keepup.schemas.consumer.BoundedConsumer;
import io.keepup.schemas.topic.Topics;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** Clients of a real cluster. The operator's properties come first but for safety settings. */
public final class KafkaClients implements Clients {

    /** One MiB of payload with its envelope fits a pooled buffer. */
    private static final int LANE_BATCH_BYTES = (1 << 20) + (64 << 10);

    /** A broker that hangs, ms: syncs stand still meanwhile. Kafka's own default is 30 s. */
    private static final int REQUEST_TIMEOUT_MS = 10_000;

    /** How long a broker that is cut off from the others may seem to lead, ms. Kafka's own default is 5 minutes. */
    private static final int METADATA_MAX_AGE_MS = 10_000;

    private static final int SOCKET_BUFFER = 1 << 20;
    private static final String NO_COMPRESSION = NodeSettings.LANE_COMPRESSION.defaultValue();

    private final NodeSettings settings;
    private final AtomicInteger numbers = new AtomicInteger();

    public KafkaClients(NodeSettings settings) {
        this.settings = settings;
    }

    public Admin admin() {
        return Admin.create(common("admin"));
    }

    @Override
    public Consumer<byte[], ByteBuffer> commandConsumer() {
        Map<String, Object> config = consumer("commands");
        config.put(ConsumerConfig.GROUP_ID_CONFIG, "keepup-node-" + settings.id());
        config.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed");
        config.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
        return BoundedConsumer.ofBuffers(config);
    }

    @Override
    public Consumer<byte[], ByteBuffer> syncConsumer() {
        Map<String, Object> config = consumer("sync");
        config.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "latest");
        return BoundedConsumer.ofBuffers(config);
    }

    /** Checksums left to the entries' and chunks' own. */
    @Override
    public Consumer<byte[], ByteBuffer> laneConsumer(String use, String offsetReset, int records) {
        Map<String, Object> config = largeFetches(use, offsetReset);
        config.put(ConsumerConfig.MAX_POLL_RECORDS_CONFIG, records);
        config.put(ConsumerConfig.CHECK_CRCS_CONFIG, false);
        return BoundedConsumer.ofBuffers(config);
    }

    @Override
    public Consumer<byte[], ByteBuffer> scanConsumer() {
        return BoundedConsumer.ofBuffers(largeFetches("scan", "earliest"));
    }

    private Map<String, Object> largeFetches(String use, String offsetReset) {
        Map<String, Object> config = consumer(use);
        config.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, offsetReset);
        config.put(ConsumerConfig.FETCH_MAX_BYTES_CONFIG, 8 << 20);
        config.put(ConsumerConfig.MAX_PARTITION_FETCH_BYTES_CONFIG, 8 << 20);
        config.put(ConsumerConfig.RECEIVE_BUFFER_CONFIG, SOCKET_BUFFER);
        return config;
    }

    /** As little as possible a fetch. */
    @Override
    public Consumer<byte[], ByteBuffer> probeConsumer() {
        Map<String, Object> config = consumer("probe");
        config.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
        config.put(ConsumerConfig.MAX_PARTITION_FETCH_BYTES_CONFIG, 1);
        config.put(ConsumerConfig.MAX_POLL_RECORDS_CONFIG, 1);
        return BoundedConsumer.ofBuffers(config);
    }

    @Override
    public KafkaProducer<byte[], byte[]> eventProducer() {
        Map<String, Object> config = producer("events");
        config.put(ProducerConfig.MAX_BLOCK_MS_CONFIG, 2_000);
        return new KafkaProducer<>(config);
    }

    /** For records of 1 MiB. */
    @Override
    public KafkaProducer<byte[], byte[]> laneProducer(String use) {
        Map<String, Object> config = producer(use);
        config.put(ProducerConfig.BATCH_SIZE_CONFIG, LANE_BATCH_BYTES);
        config.put(ProducerConfig.BUFFER_MEMORY_CONFIG, (long) settings.get(NodeSettings.LANE_BUFFER_BYTES));
        config.put(ProducerConfig.MAX_REQUEST_SIZE_CONFIG, Topics.LANE_MAX_MESSAGE_BYTES);
        config.put(ProducerConfig.SEND_BUFFER_CONFIG, SOCKET_BUFFER);
        config.put(ProducerConfig.MAX_BLOCK_MS_CONFIG, 2_000);
        if (!settings.get(NodeSettings.LANE_COMPRESSION).equals(NO_COMPRESSION)) {
            config.put(ProducerConfig.COMPRESSION_TYPE_CONFIG, settings.get(NodeSettings.LANE_COMPRESSION));
        }
        return new KafkaProducer<>(config);
    }

    private Map<String, Object> producer(String use) {
        Map<String, Object> config = common(use);
        config.put(ProducerConfig.KEY_SERIALIZER_CLASS_CONFIG, ByteArraySerializer.class);
        config.put(ProducerConfig.VALUE_SERIALIZER_CLASS_CONFIG, ByteArraySerializer.class);
        config.put(ProducerConfig.ACKS_CONFIG, "all");
        config.put(ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG, true);
        config.put(ProducerConfig.LINGER_MS_CONFIG, 0);
        // A batch never expires: were one given up, the next could still be written and leave a gap before it.
        config.put(ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG, Integer.MAX_VALUE);
        config.put(ProducerConfig.RETRIES_CONFIG, Integer.MAX_VALUE);
        return config;
    }

    private Map<String, Object> consumer(String use) {
        Map<String, Object> config = common(use);
        config.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
        return config;
    }

    private Map<String, Object> common(String use) {
        Map<String, Object> config = new HashMap<>();
        config.put(AdminClientConfig.REQUEST_TIMEOUT_MS_CONFIG, REQUEST_TIMEOUT_MS);
        config.put(AdminClientConfig.METADATA_MAX_AGE_CONFIG, METADATA_MAX_AGE_MS);
        config.putAll(settings.kafka());
        config.put(AdminClientConfig.BOOTSTRAP_SERVERS_CONFIG, settings.bootstrap());
        config.put(
                AdminClientConfig.CLIENT_ID_CONFIG,
                "keepup-%s-%s-%s".formatted(settings.id(), use, numbers.incrementAndGet()));
        return config;
    }
}
