package io.keepup.streams;

import static org.apache.kafka.common.config.ConfigDef.Importance.HIGH;
import static org.apache.kafka.common.config.ConfigDef.Importance.LOW;
import static org.apache.kafka.common.config.ConfigDef.Importance.MEDIUM;
import static org.apache.kafka.common.config.ConfigDef.Type.BOOLEAN;
import static org.apache.kafka.common.config.ConfigDef.Type.INT;
import static org.apache.kafka.common.config.ConfigDef.Type.LONG;
import static org.apache.kafka.common.config.ConfigDef.Type.STRING;

import io.keepup.schemas.registry.RegistrySettings;
import io.keepup.schemas.topic.Topics;
import io.keepup.streams.watchdog.WatchdogSettings;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.config.ConfigDef;
import org.apache.kafka.common.config.ConfigException;
import org.apache.kafka.streams.StreamsConfig;

/**
 * Settings of the Streams app: name, default and reason side by side. Names that begin with {@code keepup.} are ours, those
 * that begin with {@code schema.registry.} say how to reach the registry, all others are Kafka's own; what is not listed here
 * (TLS, SASL, timeouts …) passes through to the Kafka clients, with Kafka Streams' prefixes ({@code main.consumer.},
 * {@code producer.} …) where it uses them.
 */
public final class StreamsSettings {

    public static final String BOOTSTRAP = StreamsConfig.BOOTSTRAP_SERVERS_CONFIG;
    public static final String REGISTRY_URL = "keepup.registry.url";
    public static final String POLICY = "keepup.policy";
    public static final String WATCHDOG_INTERVAL = "keepup.watchdog.interval.ms";
    public static final String WATCHDOG_STALL = "keepup.watchdog.stall.ms";
    public static final String WATCHDOG_BUDGET = "keepup.watchdog.budget.ms";
    public static final String WATCHDOG_SILENCE = "keepup.watchdog.primary.silence.ms";
    public static final String REFOLD = "keepup.state.refold";
    public static final String HTTP_HOST = "keepup.http.host";
    public static final String HTTP_PORT = "keepup.http.port";
    public static final String STATE_DIR = StreamsConfig.STATE_DIR_CONFIG;
    public static final String STANDBYS = StreamsConfig.NUM_STANDBY_REPLICAS_CONFIG;

    /** Largest output, bytes. */
    private static final int MAX_OUTPUT_BYTES = Topics.REJECTED_MAX_MESSAGE_BYTES;

    private static final Set<String> POLICIES = Set.of("safe", "reference");

    private static final ConfigDef DEFINITION = new ConfigDef()
            .define(BOOTSTRAP, STRING, "127.0.0.1:9092", HIGH, "Brokers to begin with, host:port, by comma.")
            .define(
                    REGISTRY_URL,
                    STRING,
                    "http://127.0.0.1:8081",
                    HIGH,
                    "Schema registry with Confluent's REST API, several URLs by comma.")
            .define(
                    POLICY,
                    STRING,
                    "safe",
                    ConfigDef.ValidString.in(POLICIES.toArray(String[]::new)),
                    HIGH,
                    "How the engine decides: safe, or reference for comparing with the founding engine.")
            .define(
                    WATCHDOG_INTERVAL,
                    LONG,
                    WatchdogSettings.DEFAULT.interval().toMillis(),
                    ConfigDef.Range.atLeast(10),
                    LOW,
                    "How often live sessions are looked at, ms; idle volumes cost nothing.")
            .define(
                    WATCHDOG_STALL,
                    LONG,
                    WatchdogSettings.DEFAULT.stallLimit().toMillis(),
                    ConfigDef.Range.atLeast(10),
                    MEDIUM,
                    "A session without progress for longer is failed, and the next facts decide, ms.")
            .define(
                    WATCHDOG_BUDGET,
                    LONG,
                    WatchdogSettings.DEFAULT.budget().toMillis(),
                    ConfigDef.Range.atLeast(10),
                    MEDIUM,
                    "A session that gets no nearer to its end for longer is failed, whatever it receives, ms; however long it took before.")
            .define(
                    WATCHDOG_SILENCE,
                    LONG,
                    WatchdogSettings.DEFAULT.silenceLimit().toMillis(),
                    ConfigDef.Range.atLeast(10),
                    MEDIUM,
                    "A primary not heard for longer is degraded until it is heard again, ms; well above node.sync.repeat.ms.")
            .define(HTTP_HOST, STRING, "127.0.0.1", MEDIUM, "Address of page and API; they know no login, so loopback.")
            .define(
                    HTTP_PORT,
                    INT,
                    8080,
                    ConfigDef.Range.between(0, 65535),
                    MEDIUM,
                    "Port of page and API; 0 takes any free one.")
            .define(
                    StreamsConfig.APPLICATION_ID_CONFIG,
                    STRING,
                    "keepup",
                    MEDIUM,
                    "Instances with the same id share the work; also the prefix of internal topics.")
            .define(
                    StreamsConfig.REQUEST_TIMEOUT_MS_CONFIG,
                    INT,
                    10_000,
                    MEDIUM,
                    "A broker that hangs is given up after this; decisions stand still meanwhile, ms.")
            .define(
                    StreamsConfig.METADATA_MAX_AGE_CONFIG,
                    LONG,
                    10_000L,
                    LOW,
                    "A broker cut off from the others still seems to lead, until it is asked again who does, ms.")
            .define(STATE_DIR, STRING, "keepup-state", HIGH, "Directory of the local state; rebuilt when lost.")
            .define(
                    STANDBYS,
                    INT,
                    1,
                    ConfigDef.Range.atLeast(0),
                    MEDIUM,
                    "Warm copies of the state on other instances; 0 where there is only one instance.")
            .define(StreamsConfig.NUM_STREAM_THREADS_CONFIG, INT, 1, LOW, "One thread folds faster than events come.")
            .define(
                    StreamsConfig.PROCESSING_GUARANTEE_CONFIG,
                    STRING,
                    StreamsConfig.EXACTLY_ONCE_V2,
                    ConfigDef.ValidString.in(StreamsConfig.EXACTLY_ONCE_V2),
                    LOW,
                    "State and commands move in one transaction, or the audit would not add up.")
            .define(
                    StreamsConfig.COMMIT_INTERVAL_MS_CONFIG,
                    LONG,
                    5L,
                    ConfigDef.Range.between(1, 1000),
                    MEDIUM,
                    "Nodes see a command only after its commit: the largest part of decision latency, ms.")
            .define(
                    StreamsConfig.POLL_MS_CONFIG,
                    LONG,
                    5L,
                    LOW,
                    "A thread that waits longer for input commits late, ms.")
            .define(
                    StreamsConfig.STATESTORE_CACHE_MAX_BYTES_CONFIG,
                    LONG,
                    1L << 20,
                    LOW,
                    "The mark of what was folded changes with each event; the changelog gets the last of a commit.")
            .define(
                    REFOLD,
                    BOOLEAN,
                    false,
                    LOW,
                    "Where the changelog was lost, fold all events again and send nothing, instead of stopping.")
            .define(
                    StreamsConfig.ENSURE_EXPLICIT_INTERNAL_RESOURCE_NAMING_CONFIG,
                    BOOLEAN,
                    true,
                    LOW,
                    "Names made up by Kafka Streams would change with the topology and lose the state.")
            .define(
                    StreamsConfig.producerPrefix(ProducerConfig.LINGER_MS_CONFIG),
                    LONG,
                    5L,
                    LOW,
                    "The commit sends what is waiting, so a decision does not wait for it; without, each batch holds a few records.")
            .define(
                    StreamsConfig.producerPrefix(ProducerConfig.BATCH_SIZE_CONFIG),
                    INT,
                    128 << 10,
                    LOW,
                    "Room for what a partition is sent between two commits.")
            .define(
                    StreamsConfig.producerPrefix(ProducerConfig.COMPRESSION_TYPE_CONFIG),
                    STRING,
                    "none",
                    LOW,
                    "Every client can read it, whatever codecs it brings; a topic may still be compressed by its own setting.")
            .define(
                    StreamsConfig.producerPrefix(ProducerConfig.MAX_REQUEST_SIZE_CONFIG),
                    INT,
                    MAX_OUTPUT_BYTES,
                    LOW,
                    "A refused record is kept whole, whatever its size.")
            .define(
                    StreamsConfig.producerPrefix(ProducerConfig.BUFFER_MEMORY_CONFIG),
                    LONG,
                    2L * MAX_OUTPUT_BYTES,
                    LOW,
                    "Room for the largest output.")
            .define(
                    StreamsConfig.mainConsumerPrefix(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG),
                    STRING,
                    "earliest",
                    LOW,
                    "The fold begins with the first event there is.")
            .define(
                    StreamsConfig.mainConsumerPrefix(ConsumerConfig.MAX_POLL_RECORDS_CONFIG),
                    INT,
                    250,
                    LOW,
                    "All of a poll may be as large as an event can be, and is held in memory.")
            .define(
                    StreamsConfig.BUFFERED_RECORDS_PER_PARTITION_CONFIG,
                    INT,
                    250,
                    LOW,
                    "The same of what waits to be folded, for each partition.")
            .define(
                    StreamsConfig.mainConsumerPrefix(ConsumerConfig.SESSION_TIMEOUT_MS_CONFIG),
                    INT,
                    10_000,
                    MEDIUM,
                    "After this a killed instance's volumes move to another one, ms.")
            .define(
                    StreamsConfig.mainConsumerPrefix(ConsumerConfig.HEARTBEAT_INTERVAL_MS_CONFIG),
                    INT,
                    200,
                    LOW,
                    "The other instances hear with their next heartbeat that volumes move to them, ms.")
            .define(
                    StreamsConfig.producerPrefix(ProducerConfig.TRANSACTION_TIMEOUT_CONFIG),
                    INT,
                    5_000,
                    MEDIUM,
                    "A killed instance's volumes cannot be folded before the broker has ended its transaction, ms.")
            .define(
                    StreamsConfig.PROBING_REBALANCE_INTERVAL_MS_CONFIG,
                    LONG,
                    60_000L,
                    LOW,
                    "A new instance gets its share once it has caught up with the state, looked at so often, ms.")
            .define(
                    StreamsConfig.REPLICATION_FACTOR_CONFIG,
                    INT,
                    -1,
                    MEDIUM,
                    "Copies of the changelog, when it is created; -1 for the broker's default.");

    private final Map<String, String> given;
    private final Map<String, Object> values;
    private final RegistrySettings registry;

    private StreamsSettings(Map<String, String> given) {
        this.given = Map.copyOf(given);
        this.values = DEFINITION.parse(given);
        this.registry = RegistrySettings.of((String) values.get(REGISTRY_URL), given);
    }

    /**
     * Settings from names and values, such as a properties file holds.
     *
     * @throws StartException when a value is not allowed; one sentence that names the setting
     */
    public static StreamsSettings of(Map<String, String> given) {
        try {
            for (String name : given.keySet()) {
                if (name.startsWith("keepup.") && !DEFINITION.names().contains(name)) {
                    throw new StartException("there is no setting %s: %s are the ones".formatted(name, ownNames()));
                }
            }
            return new StreamsSettings(given);
        } catch (ConfigException | IllegalArgumentException e) {
            throw new StartException(e.getMessage(), e);
        }
    }

    /** These settings with one changed. */
    public StreamsSettings with(String name, String value) {
        Map<String, String> changed = new HashMap<>(given);
        changed.put(name, value);
        return of(changed);
    }

    /** All settings with their defaults and reasons, as a table in reStructuredText. */
    public static String describe() {
        return DEFINITION.toEnrichedRst();
    }

    /** What was given, without the defaults: {@link #of} makes the same of it. */
    public Map<String, String> asGiven() {
        return given;
    }

    public String bootstrap() {
        return (String) values.get(BOOTSTRAP);
    }

    /** Where the schema registry is and how to reach it. */
    RegistrySettings registry() {
        return registry;
    }

    /** Instances with the same one share the work. */
    public String applicationId() {
        return (String) values.get(StreamsConfig.APPLICATION_ID_CONFIG);
    }

    /** Of the changelog where it has to be created; -1 for the broker's default. */
    short replicationFactor() {
        return ((Integer) values.get(StreamsConfig.REPLICATION_FACTOR_CONFIG)).shortValue();
    }

    /** {@code safe} or {@code reference}. */
    public String policy() {
        return (String) values.get(POLICY);
    }

    public WatchdogSettings watchdog() {
        return new WatchdogSettings(
                millis(WATCHDOG_INTERVAL), millis(WATCHDOG_STALL), millis(WATCHDOG_BUDGET), millis(WATCHDOG_SILENCE));
    }

    private Duration millis(String name) {
        return Duration.ofMillis((Long) values.get(name));
    }

    /** Whether state that was lost is made again from the events. */
    boolean refold() {
        return (Boolean) values.get(REFOLD);
    }

    public String httpHost() {
        return (String) values.get(HTTP_HOST);
    }

    /** 0: any free one. */
    public int httpPort() {
        return (Integer) values.get(HTTP_PORT);
    }

    /** For {@code KafkaStreams}: our defaults, and all that was given. */
    public Properties streams() {
        Properties properties = new Properties();
        values.forEach((name, value) -> {
            if (!name.startsWith("keepup.")) {
                properties.put(name, value);
            }
        });
        given.forEach((name, value) -> {
            if (!name.startsWith("keepup.") && !name.startsWith(RegistrySettings.PREFIX)) {
                properties.putIfAbsent(name, value);
            }
        });
        return properties;
    }

    /** For an {@code Admin}: what was given and concerns it, and how soon brokers are given up. */
    Map<String, Object> admin() {
        return client(AdminClientConfig.configNames(), StreamsConfig.ADMIN_CLIENT_PREFIX);
    }

    /** For a consumer beside the topology: what was given and concerns it, and how soon brokers are given up. */
    Map<String, Object> consumer() {
        return client(ConsumerConfig.configNames(), StreamsConfig.CONSUMER_PREFIX);
    }

    private Map<String, Object> client(Set<String> names, String prefix) {
        Map<String, Object> client = new HashMap<>();
        for (String name : List.of(StreamsConfig.REQUEST_TIMEOUT_MS_CONFIG, StreamsConfig.METADATA_MAX_AGE_CONFIG)) {
            client.put(name, values.get(name));
        }
        given.forEach((name, value) -> {
            if (names.contains(name)) {
                client.put(name, value);
            }
        });
        given.forEach((name, value) -> {
            if (name.startsWith(prefix)) {
                client.put(name.substring(prefix.length()), value);
            }
        });
        client.put(BOOTSTRAP, bootstrap());
        return client;
    }

    private static String ownNames() {
        return String.join(
                ", ",
                DEFINITION.names().stream()
                        .filter(n -> n.startsWith("keepup."))
                        .sorted()
                        .toList());
    }
}
