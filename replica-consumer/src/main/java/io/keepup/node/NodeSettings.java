package io.keepup.node;

import io.keepup.schemas.registry.RegistrySettings;
import io.keepup.schemas.topic.Names;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;

/**
 * What one storage node is started with. Names that begin with {@code node.} are the settings below, those that begin with
 * {@code schema.registry.} say how to reach the registry; every other property goes to the Kafka clients as it is (TLS, SASL, …).
 */
public final class NodeSettings {

    public static final Setting<Duration> START_PATIENCE = Setting.millis(
            "node.start.patience.ms", 10_000, "How long the start waits for the broker and the registry, ms.");
    public static final Setting<Duration> SYNC_INTERVAL =
            Setting.millis("node.sync.interval.ms", 500, "How often a primary asks each replica where it stands, ms.");
    public static final Setting<Duration> SYNC_DEADLINE = Setting.millis(
            "node.sync.deadline.ms", 2_000, "How long a replica may wait for the asked LSN before it answers, ms.");
    public static final Setting<Duration> SYNC_SLACK = Setting.millis(
            "node.sync.slack.ms", 1_000, "How long after the deadline a primary still waits for the answer, ms.");
    public static final Setting<Duration> SYNC_REPEAT =
            Setting.millis("node.sync.repeat.ms", 5_000, "How often facts that did not change are relayed again, ms.");
    public static final Setting<Integer> WAL_BATCH_BYTES =
            Setting.bytes("node.wal.batch.bytes", 1 << 20, "Most bytes of entries in one record of the WAL lane.");
    public static final Setting<Duration> WAL_LINGER = Setting.millisOrNone(
            "node.wal.linger.ms",
            "How long a small record of the WAL lane waits for more entries, ms; a quorum waits as much longer.");
    public static final Setting<Long> WAL_RETAIN_BYTES = Setting.longBytes(
            "node.wal.retain.bytes",
            1L << 30,
            "WAL kept per volume for replicas that were away, bytes; pins keep more.");
    public static final Setting<Long> WAL_LIMIT_BYTES = Setting.longBytes(
            "node.wal.limit.bytes",
            0,
            "WAL kept per volume at most, bytes: a session that needs more fails; by default four times node.wal.retain.bytes.");
    public static final Setting<Integer> LANE_BUFFER_BYTES = Setting.bytes(
            "node.lane.buffer.bytes", 32 << 20, "Most bytes a lane's producer holds before its sender has to wait.");
    public static final Setting<String> LANE_COMPRESSION = Setting.word(
            "node.lane.compression",
            "none",
            new TreeSet<>(Set.of("none", "gzip", "snappy", "lz4", "zstd")),
            "How records of both lanes are compressed: none, gzip, snappy, lz4 or zstd.");
    public static final Setting<Integer> BASE_CHUNK_BYTES =
            Setting.bytes("node.base.chunk.bytes", 1 << 20, "Most payload bytes in one chunk of the base lane.");
    public static final Setting<Integer> BASE_WINDOW_BYTES = Setting.bytes(
            "node.base.window.bytes",
            64 << 20,
            "Most bytes of a base that are sent and not yet applied: what a slow replica costs the broker's disk.");
    public static final Setting<Integer> REBUILDS = Setting.count(
            "node.rebuild.concurrent", 2, "How many rebuilds run on a node at once; others wait for their turn.");
    public static final Setting<Long> RECOVERY_RATE = Setting.limit(
            "node.recovery.bytes.per.second",
            "Most bytes a second that a node sends and receives in recoveries altogether; 0 for no limit.");
    public static final Setting<Duration> SESSION_STALL =
            Setting.millis("node.session.stall.ms", 15_000, "How long a session may stand still before it fails, ms.");
    public static final Setting<Duration> SESSION_BUDGET = Setting.millis(
            "node.session.budget.ms",
            600_000,
            "How long a session may go on without getting nearer to its end before it fails, whatever it receives, ms.");
    public static final Setting<Duration> SESSION_PROGRESS =
            Setting.millis("node.session.progress.ms", 500, "Shortest time between two progress events, ms.");
    public static final Setting<Long> SCRUB_RATE = Setting.longBytesOrNone(
            "node.scrub.bytes.per.second",
            4 << 20,
            "How fast a node verifies its volumes in the background, bytes a second over all of them; 0: not at all.");
    public static final Setting<Duration> SCRUB_INTERVAL = Setting.millis(
            "node.scrub.interval.ms",
            Duration.ofDays(7).toMillis(),
            "Shortest time between the beginnings of two scrubs of a volume, ms; a node's start begins one.");
    public static final Setting<Duration> DISK_PROBE = Setting.millis(
            "node.disk.probe.ms",
            5_000,
            "How often a node writes a few bytes to each of its file systems, to notice one that takes no changes, ms.");
    public static final Setting<Short> REPLICATION_FACTOR = Setting.number(
            "node.replication.factor",
            -1,
            "Replication factor of lane topics this node creates; -1: the broker's own.");
    public static final Setting<Integer> HTTP_MAX_BODY =
            Setting.bytes("node.http.max.body.bytes", 8 << 20, "Largest block write or read over HTTP, bytes.");

    /** All of them, for documents and for the check of names. */
    public static final List<Setting<?>> ALL = List.of(
            START_PATIENCE,
            SYNC_INTERVAL,
            SYNC_DEADLINE,
            SYNC_SLACK,
            SYNC_REPEAT,
            WAL_BATCH_BYTES,
            WAL_LINGER,
            WAL_RETAIN_BYTES,
            WAL_LIMIT_BYTES,
            LANE_BUFFER_BYTES,
            LANE_COMPRESSION,
            BASE_CHUNK_BYTES,
            BASE_WINDOW_BYTES,
            REBUILDS,
            RECOVERY_RATE,
            SESSION_STALL,
            SESSION_BUDGET,
            SESSION_PROGRESS,
            SCRUB_RATE,
            SCRUB_INTERVAL,
            DISK_PROBE,
            REPLICATION_FACTOR,
            HTTP_MAX_BODY);

    private static final String PREFIX = "node.";

    private final String id;
    private final Path dataDir;
    private final String bootstrap;
    private final RegistrySettings registry;
    private final String listen;
    private final Map<String, Object> values = new HashMap<>();
    private final Map<String, String> kafka = new HashMap<>();

    /**
     * @param id node id, also its id as a replica
     * @param dataDir made when absent
     * @param bootstrap Kafka's {@code bootstrap.servers}
     * @param registryUrl base URL of the schema registry, several by comma
     * @param listen {@code host:port} of the data address; port 0 takes a free one
     * @param properties settings by name, and Kafka client properties
     * @throws IllegalArgumentException one sentence on the first value that cannot be used
     */
    public NodeSettings(
            String id,
            Path dataDir,
            String bootstrap,
            String registryUrl,
            String listen,
            Map<String, String> properties) {
        this.id = Names.require("node", id);
        this.dataDir = Objects.requireNonNull(dataDir, "dataDir");
        this.bootstrap = Objects.requireNonNull(bootstrap, "bootstrap");
        this.registry = RegistrySettings.of(Objects.requireNonNull(registryUrl, "registryUrl"), properties);
        this.listen = requireAddress(listen);
        properties.forEach(this::put);
        if (walLimitBytes() < get(WAL_RETAIN_BYTES)) {
            throw new IllegalArgumentException("%s is %s, below %s, %s: give it at least that"
                    .formatted(
                            WAL_LIMIT_BYTES.name(), walLimitBytes(), WAL_RETAIN_BYTES.name(), get(WAL_RETAIN_BYTES)));
        }
        if (get(BASE_WINDOW_BYTES) < get(BASE_CHUNK_BYTES)) {
            throw new IllegalArgumentException("%s is %s, less than one chunk, %s %s: give it some chunks"
                    .formatted(
                            BASE_WINDOW_BYTES.name(),
                            get(BASE_WINDOW_BYTES),
                            BASE_CHUNK_BYTES.name(),
                            get(BASE_CHUNK_BYTES)));
        }
        recoveryLimits();
    }

    private void put(String name, String text) {
        if (name.startsWith(RegistrySettings.PREFIX)) {
            return;
        }
        if (!name.startsWith(PREFIX)) {
            kafka.put(name, text);
            return;
        }
        Setting<?> setting = ALL.stream()
                .filter(s -> s.name().equals(name))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("'%s' is no setting of a node".formatted(name)));
        try {
            values.put(name, setting.parser().apply(text.trim()));
        } catch (IllegalArgumentException | ArithmeticException e) {
            throw new IllegalArgumentException("'%s' cannot be %s: %s".formatted(text, name, setting.doc()), e);
        }
    }

    private static String requireAddress(String listen) {
        int colon = listen.lastIndexOf(':');
        if (colon <= 0 || !listen.substring(colon + 1).matches("[0-9]{1,5}")) {
            throw new IllegalArgumentException("'%s' is no address: write host:port".formatted(listen));
        }
        return listen;
    }

    /** The value of a setting. */
    @SuppressWarnings("unchecked") // put() stored what the setting's own parser made
    public <T> T get(Setting<T> setting) {
        return (T) values.getOrDefault(setting.name(), setting.defaultValue());
    }

    /** Bytes of WAL per volume that not even a pin may exceed [N4]. */
    public long walLimitBytes() {
        long given = get(WAL_LIMIT_BYTES);
        long retained = get(WAL_RETAIN_BYTES);
        return given > 0 ? given : retained > Long.MAX_VALUE / 4 ? Long.MAX_VALUE : retained * 4;
    }

    /** The limits a node starts with. */
    public RecoveryLimits.Values recoveryLimits() {
        return new RecoveryLimits.Values(get(REBUILDS), get(RECOVERY_RATE));
    }

    public String id() {
        return id;
    }

    public Path dataDir() {
        return dataDir;
    }

    public String bootstrap() {
        return bootstrap;
    }

    /** Where the schema registry is and how to reach it. */
    public RegistrySettings registry() {
        return registry;
    }

    public String listenHost() {
        return listen.substring(0, listen.lastIndexOf(':'));
    }

    public int listenPort() {
        return Integer.parseInt(listen.substring(listen.lastIndexOf(':') + 1));
    }

    /** Properties for every Kafka client, without {@code bootstrap.servers}. */
    public Map<String, String> kafka() {
        return Map.copyOf(kafka);
    }
}
