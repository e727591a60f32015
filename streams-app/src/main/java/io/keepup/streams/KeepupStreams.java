package io.keepup.streams;

import io.keepup.engine.Policy;
import io.keepup.schemas.codec.ConfluentAvroCodec;
import io.keepup.schemas.codec.RecordCodec;
import io.keepup.schemas.consumer.BoundedConsumer;
import io.keepup.schemas.registry.HttpSchemaRegistry;
import io.keepup.streams.fold.ClockSetBackException;
import io.keepup.streams.fold.KeepupTopology;
import io.keepup.streams.fold.RegistryPatience;
import io.keepup.streams.fold.StateRecovery;
import io.keepup.streams.http.HttpEndpoint;
import io.keepup.streams.metrics.FoldMetrics;
import io.keepup.streams.metrics.ViewMetrics;
import io.keepup.streams.state.StateException;
import io.keepup.streams.view.ProjectionView;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.binder.kafka.KafkaStreamsMetrics;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.time.Clock;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.streams.CloseOptions;
import org.apache.kafka.streams.CloseOptions.GroupMembershipOperation;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler.StreamThreadExceptionResponse;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One running instance of the Streams app: the fold, the view of its projections, page and API. Start more of them with
 * the same application id and other state directories to share the work.
 */
public final class KeepupStreams implements AutoCloseable, Health {

    private static final Logger log = LoggerFactory.getLogger(KeepupStreams.class);

    private static final Duration BROKER_PATIENCE = Duration.ofSeconds(8);
    private static final Duration REGISTRY_PATIENCE = Duration.ofSeconds(2);
    private static final Duration REGISTRY_PAUSE = Duration.ofSeconds(1);
    private static final Duration CLOSE_LIMIT = Duration.ofSeconds(30);

    private final HttpSchemaRegistry registry;
    private final RegistryPatience patience = new RegistryPatience(REGISTRY_PAUSE);
    private final PrometheusMeterRegistry meters = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    private final CompletableFuture<Throwable> failure = new CompletableFuture<>();
    private final AtomicBoolean closed = new AtomicBoolean();
    private final ThreadReplacement replacement = new ThreadReplacement(System::nanoTime);
    private ChangelogWatch changelog;
    private ProjectionView view;
    private HttpEndpoint http;
    private KafkaStreamsMetrics kafkaMetrics;
    private volatile String lastDeath = "";
    private volatile KafkaStreams streams; // requests ask for it while it is being made

    private KeepupStreams(StreamsSettings settings) {
        registry = new HttpSchemaRegistry(settings.registry(), REGISTRY_PATIENCE);
    }

    /**
     * Checks that Kafka, topics and schemas are there, and starts; returns once page and API answer, while the fold may
     * still be restoring its state ({@link #whyNotReady()}).
     *
     * @throws StartException when something is missing or in use; nothing is left running
     */
    public static KeepupStreams start(StreamsSettings settings) {
        KeepupStreams app = new KeepupStreams(settings);
        try {
            app.run(settings, Preconditions.check(settings, app.registry, BROKER_PATIENCE));
            return app;
        } catch (StartException | Error e) { // an Error too must leave nothing running
            app.close();
            throw e;
        } catch (RuntimeException e) {
            app.close();
            throw new StartException("the Streams app does not start: %s".formatted(e.getMessage()), e);
        }
    }

    private void run(StreamsSettings settings, int partitions) {
        RecordCodec codec = new ConfluentAvroCodec(registry);
        Policy policy = settings.policy().equals("reference") ? Policy.reference() : Policy.safe();
        changelog = ChangelogWatch.start(
                Admin.create(settings.admin()),
                KeepupTopology.changelogs(settings.applicationId(), partitions)
                        .getFirst()
                        .name());
        view = ProjectionView.start(() -> consumer(settings), codec);
        FoldMetrics metrics = new FoldMetrics(meters);
        Gauge.builder("keepup.registry.waiting", patience, RegistryPatience::waiting)
                .description("Stream threads that stand still until the schema registry answers")
                .register(meters);
        ViewMetrics.register(view, meters);
        http = HttpEndpoint.start(settings.httpHost(), settings.httpPort(), view, this, meters::scrape);
        Properties properties = settings.streams();
        streams = new KafkaStreams(
                KeepupTopology.build(
                        codec,
                        policy,
                        partitions,
                        settings.watchdog(),
                        Clock.systemUTC(),
                        patience,
                        metrics,
                        recovery(settings),
                        view),
                properties,
                new BoundedClients(),
                new SteadyTime());
        streams.setUncaughtExceptionHandler(this::threadDied);
        streams.setStateListener((now, before) -> log.info("the fold is {}", now));
        kafkaMetrics = new KafkaStreamsMetrics(streams);
        kafkaMetrics.bindTo(meters);
        streams.start();
        log.info(
                "the Streams app '{}' folds with policy {}; page and API at {}",
                properties.get(StreamsConfig.APPLICATION_ID_CONFIG),
                policy.name(),
                http.url());
    }

    private static StateRecovery recovery(StreamsSettings settings) {
        return new StateRecovery(
                () -> new KafkaEventsLog(consumerConfig(settings), settings.applicationId()), settings.refold());
    }

    private static Consumer<byte[], byte[]> consumer(StreamsSettings settings) {
        return BoundedConsumer.ofArrays(consumerConfig(settings));
    }

    private static Map<String, Object> consumerConfig(StreamsSettings settings) {
        Map<String, Object> config = settings.consumer();
        config.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed");
        config.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
        config.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
        config.remove(ConsumerConfig.GROUP_ID_CONFIG);
        config.remove(ConsumerConfig.GROUP_INSTANCE_ID_CONFIG);
        return config;
    }

    private StreamThreadExceptionResponse threadDied(Throwable reason) {
        Throwable root = reason;
        while (root.getCause() != null) {
            root = root.getCause();
        }
        if (closed.get()) {
            log.info("the fold stopped in mid-record, uncommitted: {}", root.getMessage());
            return StreamThreadExceptionResponse.SHUTDOWN_CLIENT;
        }
        if (root instanceof StateException) {
            log.error("the fold stops: {}", root.getMessage());
            failure.complete(root);
            return StreamThreadExceptionResponse.SHUTDOWN_CLIENT;
        }
        lastDeath = root.toString();
        if (root instanceof ClockSetBackException) {
            log.warn("{}: its stream thread is replaced, for Kafka's clients measure by it", root.getMessage());
            return StreamThreadExceptionResponse.REPLACE_THREAD;
        }
        if (replacement.allowed()) {
            log.warn("a stream thread died of {} and is replaced; it goes on from the last commit", root.toString());
            log.debug("how the stream thread died", reason);
            return StreamThreadExceptionResponse.REPLACE_THREAD;
        }
        log.error("stream threads die again and again, the fold stops: {}", root.toString(), reason);
        failure.complete(reason);
        return StreamThreadExceptionResponse.SHUTDOWN_CLIENT;
    }

    /** Address of the page. */
    public String url() {
        return http.url();
    }

    /** Port of page and API. */
    public int httpPort() {
        return http.port();
    }

    /** State of the fold. */
    public KafkaStreams.State state() {
        return streams.state();
    }

    /** The projections this instance shows. */
    public ProjectionView view() {
        return view;
    }

    /** Completed, with the reason, when the fold gave up by itself; never by {@link #close()}. */
    public CompletionStage<Throwable> failure() {
        return failure.minimalCompletionStage();
    }

    @Override
    public Optional<String> whyNotAlive() {
        return failure.isDone()
                ? Optional.of("the fold stopped: %s".formatted(failure.join().getMessage()))
                : Optional.empty();
    }

    @Override
    public Optional<String> whyNotReady() {
        Optional<String> dead = whyNotAlive();
        if (dead.isPresent()) {
            return dead;
        }
        KafkaStreams running = streams;
        if (running == null || running.state() != KafkaStreams.State.RUNNING) {
            return Optional.of("the fold is %s".formatted(running == null ? "about to start" : running.state()));
        }
        if (replacement.unsettled()) {
            return Optional.of("a stream thread died less than %s s ago and is replaced: %s"
                    .formatted(ThreadReplacement.SETTLED.toSeconds(), lastDeath));
        }
        Optional<String> lost = changelog.why();
        if (lost.isPresent()) {
            return lost;
        }
        Optional<String> waiting = patience.whyWaiting();
        if (waiting.isPresent()) {
            return waiting;
        }
        return view.complete() ? Optional.empty() : Optional.of("the projections are still being read");
    }

    /** Commits, leaves the group at once so that another instance takes over, and stops all parts. */
    @Override
    public void close() {
        if (!closed.compareAndSet(false, true)) {
            return;
        }
        patience.stop();
        if (streams != null
                && !streams.close(CloseOptions.groupMembershipOperation(GroupMembershipOperation.LEAVE_GROUP)
                        .withTimeout(CLOSE_LIMIT))) {
            log.warn("the fold did not stop within {} s", CLOSE_LIMIT.toSeconds());
        }
        end(changelog);
        end(kafkaMetrics);
        end(view); // before the server: its streams end with the view
        end(http);
        end(registry);
        meters.close();
    }

    private static void end(AutoCloseable part) {
        if (part == null) {
            return; // the start did not come that far
        }
        try {
            part.close();
        } catch (Exception e) {
            log.warn("{} does not close", part.getClass().getSimpleName(), e);
        }
    }
}
