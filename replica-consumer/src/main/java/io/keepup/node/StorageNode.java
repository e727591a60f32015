package io.keepup.node;

import io.keepup.node.event.FaultReport;
import io.keepup.node.hosting.HostedVolume;
import io.keepup.node.http.DataServer;
import io.keepup.node.kafka.KafkaClients;
import io.keepup.node.lane.LaneTopics;
import io.keepup.node.note.StartNumber;
import io.keepup.node.world.Storage;
import io.keepup.node.world.Tasks;
import io.keepup.node.world.ThreadTasks;
import io.keepup.schemas.codec.ConfluentAvroCodec;
import io.keepup.schemas.registry.HttpSchemaRegistry;
import io.keepup.schemas.registry.RegistryException;
import io.keepup.schemas.registry.SchemaRegistry;
import io.keepup.schemas.topic.Refusal;
import io.keepup.schemas.topic.TopicAdmin;
import io.keepup.schemas.topic.TopicException;
import io.keepup.schemas.topic.TopicSpec;
import io.keepup.schemas.topic.Topics;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One storage node: takes its commands, holds volumes in both roles, ships and applies WAL, answers syncs, runs sessions,
 * says what happened. It decides nothing about recovery.
 *
 * <pre>{@code
 * try (StorageNode node = StorageNode.start(settings)) {
 *     node.volume("vol-1").ifPresent(v -> v.write(0, data));
 * }
 * }</pre>
 *
 * Closing a node leaves its sessions as a crash would: the next start reports them as lost [R9].
 */
public final class StorageNode implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(StorageNode.class);

    private final NodeSettings settings;
    /** What was started, newest first. */
    private final Deque<AutoCloseable> running = new ArrayDeque<>();

    private final AtomicBoolean closed = new AtomicBoolean();
    private NodeCore core;
    private DataServer server;
    private volatile boolean takesCommands;
    private final CompletableFuture<Throwable> failure = new CompletableFuture<>();

    private StorageNode(NodeSettings settings) {
        this.settings = settings;
    }

    /** Starts with the system's clock. */
    public static StorageNode start(NodeSettings settings) {
        return start(settings, Clock.systemUTC());
    }

    /** As below; nobody is told what the start waits for. */
    public static StorageNode start(NodeSettings settings, Clock clock) {
        return start(settings, clock, step -> {});
    }

    /**
     * Starts a node and returns when it takes commands; volumes on disk go on in their roles.
     *
     * @param waitsFor told what the start waits for from then on, in words
     * @throws NodeStartException one sentence when it cannot start: directory, broker, topics, registry or address
     */
    public static StorageNode start(NodeSettings settings, Clock clock, Consumer<String> waitsFor) {
        StorageNode node = new StorageNode(settings);
        try {
            node.begin(clock, waitsFor);
            return node;
        } catch (NodeStartException | Error e) { // an Error too must leave nothing running
            node.close();
            throw e;
        } catch (RuntimeException e) {
            node.close();
            throw new NodeStartException("node %s cannot start: %s".formatted(settings.id(), e.getMessage()), e);
        }
    }

    private void begin(Clock clock, Consumer<String> waitsFor) {
        NodeDirectory directory = started(NodeDirectory.claim(settings.dataDir()));
        KafkaClients kafka = new KafkaClients(settings);
        Admin admin = kafka.admin();
        running.push(() -> admin.close(Duration.ofSeconds(1)));
        Tasks tasks = new ThreadTasks();
        waitsFor.accept("the Kafka broker at " + settings.bootstrap());
        checkCluster(tasks, admin);
        waitsFor.accept("the schema registry at "
                + String.join(", ", settings.registry().urls()));
        HttpSchemaRegistry registry =
                started(new HttpSchemaRegistry(settings.registry(), settings.get(NodeSettings.START_PATIENCE)));
        checkRegistry(registry);
        NodeContext context = NodeContext.of(
                settings,
                StartNumber.next(Storage.FILES.disk(), directory.notes()),
                clock,
                tasks,
                kafka,
                new LaneTopics(tasks, admin, registry, settings.get(NodeSettings.REPLICATION_FACTOR)),
                Storage.FILES,
                new ConfluentAvroCodec(registry));
        context.failure().thenAccept(this::failed);
        waitsFor.accept("the volumes in %s to be opened".formatted(settings.dataDir()));
        core = started(NodeCore.open(context, directory.volumes(), directory.notes()));
        server = started(DataServer.start(settings, core.host(), context.limits(), core.metrics(), this::whyNotReady));
        directory.address(server.address());
        waitsFor.accept("Kafka to take what this node has to say of its volumes");
        core.start();
        takesCommands = true;
        log.info(
                "Node {} runs on {} with {} volumes, data address {}",
                settings.id(),
                settings.dataDir(),
                volumes().size(),
                server.address());
    }

    private <T extends AutoCloseable> T started(T part) {
        running.push(part);
        return part;
    }

    private void checkCluster(Tasks tasks, Admin admin) {
        Duration patience = settings.get(NodeSettings.START_PATIENCE);
        CompletableFuture<Set<String>> topics =
                admin.listTopics().names().toCompletionStage().toCompletableFuture();
        if (!tasks.await(topics, patience)) {
            throw new NodeStartException("no Kafka broker answers at %s within %s s: start it, or name the right one"
                    .formatted(settings.bootstrap(), patience.toSeconds()));
        }
        if (topics.isCompletedExceptionally()) {
            Throwable why = topics.exceptionNow();
            throw refused(why)
                    .orElseGet(() -> new NodeStartException(
                            "Kafka at %s does not say what topics it has: %s"
                                    .formatted(settings.bootstrap(), why.getMessage()),
                            why));
        }
        List<String> missing = Stream.of(
                        Topics.EVENTS,
                        Topics.COMMANDS_NODE,
                        Topics.COMMANDS_SESSION,
                        Topics.SYNC_REQUESTS,
                        Topics.SYNC_ACKS)
                .filter(topic -> !topics.resultNow().contains(topic))
                .toList();
        if (!missing.isEmpty()) {
            throw new NodeStartException("topic %s is missing: run 'keepup topics create'"
                    .formatted(trulyMissing(admin, missing, patience)));
        }
    }

    /** The first of these topics; a login that may not see it would be told that it is not there. */
    private String trulyMissing(Admin admin, List<String> topics, Duration patience) {
        try {
            return new TopicAdmin(admin, patience)
                    .missing(topics).stream().findFirst().orElse(topics.get(0));
        } catch (TopicException e) {
            throw refused(e).orElseGet(() -> new NodeStartException(e.getMessage(), e));
        }
    }

    private Optional<NodeStartException> refused(Throwable failure) {
        return Refusal.behind(failure)
                .map(refusal -> new NodeStartException(refusal.sentence(settings.bootstrap()), failure));
    }

    /** Asks for every schema once, so that nothing waits for the registry later. */
    private void checkRegistry(SchemaRegistry registry) {
        try {
            for (TopicSpec topic : Topics.shared()) {
                topic.records().forEach(schema -> registry.idOf(SchemaRegistry.subject(topic.name(), schema), schema));
            }
        } catch (RegistryException e) {
            throw new NodeStartException(e.getMessage(), e);
        }
    }

    private void failed(Throwable reason) {
        log.error("Node {} cannot go on: {}", settings.id(), reason.getMessage(), reason);
        failure.complete(reason);
    }

    private Optional<String> whyNotReady() {
        if (failure.isDone()) {
            return Optional.of("the node cannot go on: " + failure.resultNow().getMessage());
        }
        return takesCommands ? Optional.empty() : Optional.of("the node is starting");
    }

    /** Completes with the reason when a part of the node ended for good: it is to be closed, and started anew. */
    public CompletionStage<Throwable> failure() {
        return failure.minimalCompletionStage();
    }

    public String id() {
        return settings.id();
    }

    /** {@code host:port} of block I/O. */
    public String dataAddress() {
        return server.address();
    }

    /** The volume, if this node has it. */
    public Optional<HostedVolume> volume(String volumeId) {
        return core.host().volume(volumeId);
    }

    /** All volumes, by id. */
    public Collection<HostedVolume> volumes() {
        return core.host().volumes();
    }

    /** Volumes that are not served, or not in the role they were given, with the reason. */
    public Map<String, FaultReport> notServed() {
        return core.host().notServed();
    }

    public NodeMetrics metrics() {
        return core.metrics();
    }

    /** Stops everything and waits for it; a second call does nothing. */
    @Override
    public void close() {
        if (!closed.compareAndSet(false, true)) {
            return;
        }
        if (core != null) {
            core.stop(); // nobody may wait for a broker that is away while we wait for him
        }
        while (!running.isEmpty()) {
            AutoCloseable part = running.pop();
            try {
                part.close();
            } catch (Exception e) {
                log.error("Node {}: {} does not close", settings.id(), part, e);
            }
        }
        log.info("Node {} stopped", settings.id());
    }
}
