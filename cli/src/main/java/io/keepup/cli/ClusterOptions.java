package io.keepup.cli;

import io.keepup.schemas.codec.ConfluentAvroCodec;
import io.keepup.schemas.codec.RecordCodec;
import io.keepup.schemas.consumer.BoundedConsumer;
import io.keepup.schemas.registry.HttpSchemaRegistry;
import io.keepup.schemas.registry.RegistrySettings;
import io.keepup.schemas.registry.SchemaRegistry;
import io.keepup.schemas.topic.Refusal;
import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import org.apache.avro.Schema;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.utils.Utils;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** Where Kafka and the schema registry are, and how to reach them; shared by all commands that talk to a cluster. */
public final class ClusterOptions {

    private static final Duration PATIENCE = Duration.ofSeconds(5);

    @Option(
            names = "--bootstrap",
            paramLabel = "HOST:PORT",
            defaultValue = "${env:KEEPUP_BOOTSTRAP:-127.0.0.1:9092}",
            description = "Kafka bootstrap servers (default: ${DEFAULT-VALUE}, or $KEEPUP_BOOTSTRAP).")
    String bootstrap;

    @Option(
            names = "--registry",
            paramLabel = "URL",
            converter = Url.class,
            defaultValue = "${env:KEEPUP_REGISTRY:-http://127.0.0.1:8081}",
            description = "Schema registry, several URLs by comma (default: ${DEFAULT-VALUE}, or $KEEPUP_REGISTRY).")
    String registry;

    @Option(
            names = "--config",
            paramLabel = "FILE",
            defaultValue = "${env:KEEPUP_CONFIG}",
            description =
                    "Properties file with further Kafka client settings (TLS, SASL, …), and schema.registry.… (default:"
                            + " $KEEPUP_CONFIG, or none).")
    Path config;

    /** An address of the registry that can be one. */
    static final class Url implements ITypeConverter<String> {
        @Override
        public String convert(String text) {
            try {
                RegistrySettings.of(text);
                return text;
            } catch (IllegalArgumentException e) {
                throw new TypeConversionException(e.getMessage());
            }
        }
    }

    /** For picocli, which fills in the options. */
    public ClusterOptions() {}

    /** A cluster without further settings. */
    public ClusterOptions(String bootstrap, String registry) {
        this.bootstrap = bootstrap;
        this.registry = registry;
    }

    /** The Kafka client settings: the file's, without the registry's, and the bootstrap servers. */
    Properties kafka() {
        Properties properties = all();
        properties.keySet().removeIf(name -> name.toString().startsWith(RegistrySettings.PREFIX));
        return properties;
    }

    /** All settings of the file, and the bootstrap servers, by name. */
    Map<String, String> settings() {
        Map<String, String> settings = new HashMap<>();
        all().forEach((name, value) -> settings.put(name.toString(), value.toString()));
        return settings;
    }

    private Properties all() {
        Properties properties = new Properties();
        if (config != null) {
            try (Reader reader = Files.newBufferedReader(config)) {
                properties.load(reader);
            } catch (IOException e) {
                throw new Failure("cannot read the settings file " + config + ": name a readable properties file", e);
            }
        }
        properties.put("bootstrap.servers", bootstrap);
        return properties;
    }

    /** An admin client of a broker that answers; fails within 10 s when none does. */
    Admin admin() {
        Properties properties = kafka();
        properties.putIfAbsent("request.timeout.ms", "3000");
        properties.putIfAbsent("default.api.timeout.ms", String.valueOf(atLeastARequest(properties, PATIENCE)));
        Admin admin = made(() -> Admin.create(properties));
        try (Waiting waiting = new Waiting()) {
            waiting.accept("the Kafka broker at " + bootstrap);
            admin.describeCluster().nodes().get(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
            return admin;
        } catch (ExecutionException | TimeoutException e) {
            admin.close(Duration.ZERO);
            throw unreachable(e);
        } catch (InterruptedException e) {
            admin.close(Duration.ZERO);
            Thread.currentThread().interrupt();
            throw new Failure("interrupted while connecting to " + bootstrap, e);
        }
    }

    /** A client whose settings Kafka takes. */
    private <T> T made(Supplier<T> client) {
        try {
            return client.get();
        } catch (KafkaException e) {
            Throwable root = e;
            while (root.getCause() != null) {
                root = root.getCause();
            }
            throw new Failure(
                    "no Kafka client can be made for %s%s: %s"
                            .formatted(
                                    bootstrap,
                                    config == null ? "" : " with the settings in " + config,
                                    root.getMessage()),
                    e);
        }
    }

    private Failure unreachable(Exception e) {
        return Refusal.behind(e)
                .map(refusal -> new Failure(refusal.sentence(bootstrap), e))
                .orElseGet(() -> new Failure(
                        "no Kafka broker answers at %s: start one ('keepup up'), or name the right one with --bootstrap"
                                .formatted(bootstrap),
                        e));
    }

    /** What Kafka demands of the time a whole call may take: no less than one request, in ms. */
    private static long atLeastARequest(Properties properties, Duration wanted) {
        try {
            return Math.max(wanted.toMillis(), Long.parseLong(properties.getProperty("request.timeout.ms")));
        } catch (NumberFormatException e) {
            return wanted.toMillis(); // Kafka says itself that this is no number
        }
    }

    /** Fails within 10 s with a clear sentence when no broker answers. */
    void requireBroker() {
        admin().close(Duration.ZERO);
    }

    HttpSchemaRegistry registryClient() {
        try {
            return new HttpSchemaRegistry(RegistrySettings.of(registry, settings()), PATIENCE);
        } catch (IllegalArgumentException e) {
            throw new Failure(e.getMessage(), e);
        }
    }

    /** A codec whose waiting for the registry is told. */
    public RecordCodec codec() {
        SchemaRegistry client = registryClient();
        String what = "the schema registry at " + registry;
        return new ConfluentAvroCodec(new SchemaRegistry() {
            @Override
            public int idOf(String subject, Schema schema) {
                return Waiting.on(what, () -> client.idOf(subject, schema));
            }

            @Override
            public Schema byId(int id) {
                return Waiting.on(what, () -> client.byId(id));
            }

            @Override
            public int register(String subject, Schema schema) {
                return Waiting.on(what, () -> client.register(subject, schema));
            }
        });
    }

    /** An idempotent, not transactional producer: a read_committed fold must not wait for us. */
    public Producer<byte[], byte[]> producer() {
        Properties properties = kafka();
        properties.put("acks", "all");
        properties.put("enable.idempotence", "true");
        properties.putIfAbsent("request.timeout.ms", "5000");
        properties.putIfAbsent("linger.ms", "0");
        properties.putIfAbsent("delivery.timeout.ms", String.valueOf(2 * atLeastARequest(properties, PATIENCE)));
        properties.putIfAbsent("max.block.ms", String.valueOf(PATIENCE.toMillis()));
        return made(() -> new KafkaProducer<>(properties, new ByteArraySerializer(), new ByteArraySerializer()));
    }

    /** A read_committed consumer without a group, from the beginning of what it is assigned. */
    public Consumer<byte[], byte[]> consumer() {
        return consumer(kafka());
    }

    /** The same for reading a great deal. */
    Consumer<byte[], byte[]> bulkConsumer() {
        Properties properties = kafka();
        properties.putIfAbsent("max.poll.records", "500");
        properties.putIfAbsent("max.partition.fetch.bytes", String.valueOf(8 << 20));
        properties.putIfAbsent("fetch.max.bytes", String.valueOf(64 << 20));
        return consumer(properties);
    }

    private Consumer<byte[], byte[]> consumer(Properties properties) {
        properties.put("isolation.level", "read_committed");
        properties.put("enable.auto.commit", "false");
        properties.put("auto.offset.reset", "earliest");
        return made(() -> BoundedConsumer.ofArrays(Utils.propsToMap(properties)));
    }
}
