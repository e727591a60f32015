package io.keepup.streams;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.keepup.schemas.topic.Topics;
import io.keepup.v1.CancelSession;
import io.keepup.v1.FailureReason;
import io.keepup.v1.IssueCatchUp;
import io.keepup.v1.Meta;
import io.keepup.v1.Rejected;
import io.keepup.v1.SessionFailed;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.common.config.ConfigResource;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The whole app on a real broker and registry. Tests share the topics, each has its own volume. */
@Timeout(60)
class KeepupStreamsTest {

    private static final Duration LIMIT = Duration.ofSeconds(60);

    @TempDir
    static Path directory;

    private static KafkaFixture kafka;
    private static HttpClient http;

    private final ObjectMapper json = new ObjectMapper();
    private KeepupStreams app;

    @BeforeAll
    static void startKafka() {
        kafka = KafkaFixture.start(directory.resolve("kafka"));
        http = HttpClient.newHttpClient();
        assertThatThrownBy(() -> KeepupStreams.start(kafka.settings(directory.resolve("none"))))
                .as("topics are not there yet")
                .isInstanceOf(StartException.class)
                .hasMessageContaining(Topics.EVENTS)
                .hasMessageContaining("keepup topics create");
        kafka.createTopics();
    }

    @AfterAll
    static void stopKafka() {
        http.close();
        kafka.close();
    }

    @AfterEach
    void stopApp() {
        if (app != null) {
            app.close();
        }
    }

    @Test
    void events_become_commands_with_poison_in_between_and_a_restart_keeps_the_state() throws Exception {
        start();
        Events events = new Events("vol-a", Instant.now());
        kafka.send(events.primary(1, "vs-2"));
        kafka.send("vol-a", new byte[] {1, 2, 3});
        byte[] large = new byte[10 << 20];
        new java.util.Random(1).nextBytes(large); // does not compress
        kafka.send("vol-a", large);
        kafka.send(events.primaryReady(1), events.ack("vs-2", 1, 1, 40, 10, 100));
        await().atMost(LIMIT).untilAsserted(() -> assertThat(catchUps("vol-a")).hasSize(2));
        assertThat(kafka.read(Topics.COMMANDS_SESSION))
                .extracting(KafkaFixture.Read::key)
                .contains("vs-1", "vs-2");
        List<Rejected> rejected = kafka.read(Topics.REJECTED).stream()
                .map(r -> (Rejected) r.value())
                .toList();
        assertThat(rejected).extracting(r -> r.getValue().remaining()).contains(3, 64 << 10);

        app.close();
        start();
        assertThat(json(get("/api/volumes/vol-a")).path("reason").asText()).isEqualTo("recovery_in_progress");
        kafka.send(events.ack("vs-2", 1, 2, 50, 10, 100)); // a session is live: no second decision [E3]
        kafka.send(events.completed("vs-2", 1, 1, io.keepup.v1.SessionKind.catchup, 100));
        kafka.send(events.ack("vs-2", 1, 3, 100, 90, 200));
        await().atMost(LIMIT).untilAsserted(() -> assertThat(catchUps("vol-a")).hasSize(4));
        assertThat(catchUps("vol-a").get(3).getSessionId())
                .as("the counter went on")
                .isEqualTo(2);
    }

    @Test
    void S_R8_a_session_that_goes_silent_is_failed_by_the_watchdog_also_after_a_restart() throws Exception {
        start();
        Events events = new Events("vol-w", Instant.now());
        kafka.send(events.primary(1, "vs-2"), events.ack("vs-2", 1, 1, 40, 10, 100));
        await().atMost(LIMIT).untilAsserted(() -> assertThat(catchUps("vol-w")).hasSize(2));
        app.close();

        app = KeepupStreams.start(kafka.settings(directory.resolve("state"))
                .with(StreamsSettings.WATCHDOG_INTERVAL, "20")
                .with(StreamsSettings.WATCHDOG_STALL, "200"));

        await().atMost(LIMIT).untilAsserted(() -> assertThat(ofVolume("vol-w", CancelSession.class))
                .hasSize(2)
                .extracting(CancelSession::getReason)
                .containsOnly(FailureReason.progress_stalled));
        await().atMost(LIMIT).untilAsserted(() -> assertThat(
                        json(get("/api/volumes/vol-w")).path("reason").asText())
                .isEqualTo("progress_stalled"));
        assertThat(kafka.read(Topics.EVENTS, "vol-w"::equals))
                .extracting(KafkaFixture.Read::value)
                .filteredOn(SessionFailed.class::isInstance)
                .singleElement()
                .satisfies(e ->
                        assertThat(((SessionFailed) e).getMeta().getSource()).isEqualTo("watchdog"));
        assertThat(get("/metrics").body())
                .containsPattern("keepup_watchdog_alarms_total\\{reason=\"progress_stalled\"} [1-9]");
    }

    @Test
    void the_api_shows_the_volume_and_says_what_is_wrong_with_a_request() throws Exception {
        start();
        Events events = new Events("vol-b", Instant.now());
        kafka.send(events.primary(3, "vs-2"), events.replica("vs-2", 3));
        await().atMost(LIMIT).until(() -> get("/api/volumes/vol-b").statusCode() == 200);
        await().atMost(LIMIT)
                .until(() -> json(get("/api/volumes/vol-b")).path("nodes").size() == 2);
        JsonNode volume = json(get("/api/volumes/vol-b"));
        assertThat(volume.path("volumeId").asText()).isEqualTo("vol-b");
        assertThat(volume.path("epoch").asLong()).isEqualTo(3);
        assertThat(volume.path("mode").asText()).isEqualTo("bootstrap_pending");
        assertThat(volume.path("reason").asText()).isEqualTo("awaiting_role_apply");
        assertThat(volume.path("replicas").get(0).path("session").path("kind").asText())
                .isEqualTo("none");
        assertThat(volume.path("replicas").get(0).path("lastSyncAck").isNull()).isTrue();
        assertThat(json(get("/api/volumes")).path("volumes").findValuesAsText("volumeId"))
                .contains("vol-b");

        assertThat(get("/api/volumes/vol-none").statusCode()).isEqualTo(404);
        assertThat(json(get("/api/volumes/vol-none")).path("error").asText()).contains("vol-none");
        assertThat(get("/api/volumes/a%20b").statusCode()).isEqualTo(400);
        assertThat(get("/api/volumes/..").statusCode()).isIn(400, 404);
        assertThat(get("/nothing").statusCode()).isEqualTo(404);
        assertThat(get("/livez").statusCode()).isEqualTo(200);
        assertThat(json(get("/readyz")).path("ready").asBoolean()).isTrue();

        // requests that make no sense [S-F9]
        assertThat(json(get("/api/volumes?mode=healthy")).path("error").asText())
                .isEqualTo("there is no parameter 'mode' here: leave it out");
        assertThat(get("/?utm=1").statusCode()).isEqualTo(200);
        HttpResponse<String> wrong = call("DELETE", "/api/volumes/vol-b");
        assertThat(wrong.statusCode()).isEqualTo(405);
        assertThat(wrong.headers().firstValue("Allow")).contains("GET, HEAD");
        for (String path : List.of("/api/volumes/vol-b", "/api/volumes/vol-none", "/", "/metrics", "/readyz")) {
            HttpResponse<String> head = call("HEAD", path);
            assertThat(head.statusCode()).as(path).isEqualTo(get(path).statusCode());
            assertThat(head.headers().firstValueAsLong("Content-Length").orElse(0))
                    .as(path)
                    .isPositive();
        }
        assertThat(call("HEAD", "/api/stream").headers().firstValue("Content-Type"))
                .contains("text/event-stream");
    }

    @Test
    void the_page_comes_from_this_server_alone() throws Exception {
        start();
        HttpResponse<String> page = get("/");
        assertThat(page.statusCode()).isEqualTo(200);
        assertThat(page.headers().firstValue("Content-Security-Policy").orElse(""))
                .contains("default-src 'none'");
        assertThat(page.body()).contains("page.css", "page.js", "keepup assign").doesNotContain("https://");
        assertThat(get("/page.css").headers().firstValue("Content-Type").orElse(""))
                .startsWith("text/css");
        assertThat(get("/page.js").body()).contains("EventSource").doesNotContain("https://");
    }

    @Test
    void metrics_count_what_the_fold_did() throws Exception {
        start();
        Events events = new Events("vol-m", Instant.now());
        kafka.send(events.primary(1, "vs-2"), events.ack("vs-2", 1, 1, 40, 10, 100), events.barrier(0, 1));
        await().atMost(LIMIT).untilAsserted(() -> assertThat(get("/metrics").body())
                .contains("keepup_rejected_total{reason=\"stale_epoch\"} 1.0")
                .containsPattern("keepup_events_folded_total [1-9]")
                .containsPattern("keepup_commands_total\\{type=\"IssueCatchUp\"} [1-9]")
                .containsPattern("keepup_volumes\\{mode=\"bootstrap_pending\"} [1-9]")
                .containsPattern("keepup_sessions_live\\{kind=\"catchup\"} [1-9]")
                .contains("keepup_fold_seconds_bucket", "kafka_stream_client_state"));
    }

    @Test
    void the_stream_begins_with_a_snapshot_tells_each_change_and_survives_readers_that_leave() throws Exception {
        start();
        Events events = new Events("vol-s", Instant.now());
        kafka.send(events.primary(1, "vs-2"));
        await().atMost(LIMIT).until(() -> get("/api/volumes/vol-s").statusCode() == 200);
        HttpResponse<Stream<String>> left = http.send(request("/api/stream"), BodyHandlers.ofLines());
        left.body().close();
        BlockingQueue<String> lines = new LinkedBlockingQueue<>();
        HttpResponse<Stream<String>> stream = http.send(request("/api/stream"), BodyHandlers.ofLines());
        assertThat(stream.headers().firstValue("Content-Type").orElse("")).startsWith("text/event-stream");
        Thread reader = Thread.ofVirtual().start(() -> stream.body().forEach(lines::add));
        assertThat(dataOf("snapshot", lines).path("volumes").findValuesAsText("volumeId"))
                .contains("vol-s");
        kafka.send(events.primaryReady(1));
        assertThat(dataOf("volume", lines).path("reason").asText()).isEqualTo("awaiting_replica_sync");
        app.close(); // ends the stream
        reader.join(LIMIT);
        assertThat(reader.isAlive()).isFalse();
    }

    @Test
    void the_changelog_is_made_before_the_fold_writes_to_it() throws Exception {
        StreamsSettings settings = kafka.settings(directory.resolve("other")).with("application.id", "other");
        Preconditions.check(settings, kafka.registry, LIMIT);
        Preconditions.check(settings, kafka.registry, LIMIT); // by the next instance
        try (Admin admin = kafka.admin()) {
            ConfigResource changelog = new ConfigResource(ConfigResource.Type.TOPIC, "other-volumes-changelog");
            Config config =
                    admin.describeConfigs(List.of(changelog)).all().get().get(changelog);
            assertThat(config.get("cleanup.policy").value()).isEqualTo("compact");
            assertThat(config.get("segment.bytes").value()).isEqualTo(String.valueOf(16 << 20));
            assertThat(config.get("max.message.bytes").value())
                    .isEqualTo(String.valueOf(Topics.EVENTS_MAX_MESSAGE_BYTES));
            assertThat(admin.describeTopics(List.of(Topics.EVENTS, changelog.name()))
                            .allTopicNames()
                            .get()
                            .values())
                    .extracting(t -> t.partitions().size())
                    .containsOnly(Topics.DEFAULT_PARTITIONS);
        }
    }

    @Test
    void what_stands_in_the_way_of_a_start_is_said_in_one_line() throws Exception {
        StreamsSettings settings = kafka.settings(directory.resolve("never"));
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            assertStartFails(
                    settings.with(StreamsSettings.HTTP_PORT, String.valueOf(taken.getLocalPort())),
                    "port " + taken.getLocalPort());
        }
        assertStartFails(settings.with(StreamsSettings.REGISTRY_URL, "http://127.0.0.1:1"), "schema registry");
        StreamsSettings nowhere = settings.with(StreamsSettings.BOOTSTRAP, "127.0.0.1:1");
        assertThatThrownBy(() -> Preconditions.check(nowhere, new InMemoryRegistry(), Duration.ofSeconds(1)))
                .isInstanceOf(StartException.class)
                .hasMessageContaining("no Kafka broker answers at 127.0.0.1:1 within 1 s");
        StreamsSettings nonsense = settings.with(StreamsSettings.BOOTSTRAP, "no host");
        assertStartFails(nonsense, "no host");
    }

    private static void assertStartFails(StreamsSettings settings, String words) {
        assertThatThrownBy(() -> KeepupStreams.start(settings))
                .isInstanceOf(StartException.class)
                .hasMessageContaining(words)
                .hasMessageNotContaining("\n");
    }

    private void start() {
        app = KeepupStreams.start(kafka.settings(directory.resolve("state")));
        await().atMost(LIMIT).until(() -> get("/readyz").statusCode() == 200);
    }

    private static List<IssueCatchUp> catchUps(String volumeId) {
        return ofVolume(volumeId, IssueCatchUp.class).stream()
                .sorted(java.util.Comparator.comparing(IssueCatchUp::getSessionId))
                .toList();
    }

    /** Session commands of that type so far. */
    private static <T extends SpecificRecord> List<T> ofVolume(String volumeId, Class<T> type) {
        return kafka.read(Topics.COMMANDS_SESSION).stream()
                .map(KafkaFixture.Read::value)
                .filter(type::isInstance)
                .map(type::cast)
                .filter(r -> ((Meta) r.get(0)).getVolumeId().equals(volumeId))
                .toList();
    }

    private HttpRequest request(String path) {
        return HttpRequest.newBuilder(URI.create("http://127.0.0.1:%d%s".formatted(app.httpPort(), path)))
                .timeout(LIMIT)
                .build();
    }

    private HttpResponse<String> call(String method, String path) throws IOException, InterruptedException {
        return http.send(
                HttpRequest.newBuilder(request(path), (name, value) -> true)
                        .method(method, HttpRequest.BodyPublishers.noBody())
                        .build(),
                BodyHandlers.ofString());
    }

    private HttpResponse<String> get(String path) throws IOException, InterruptedException {
        return http.send(request(path), BodyHandlers.ofString());
    }

    private JsonNode json(HttpResponse<String> response) throws IOException {
        return json.readTree(response.body());
    }

    /** Data of the next event of that name. */
    private JsonNode dataOf(String event, BlockingQueue<String> lines) throws Exception {
        boolean named = false;
        while (true) {
            String line = lines.poll(LIMIT.toMillis(), TimeUnit.MILLISECONDS);
            assertThat(line).as("no %s event came", event).isNotNull();
            if (named && line.startsWith("data:")) {
                return json.readTree(line.substring("data:".length()));
            }
            named = line.replace(" ", "").equals("event:" + event) || named && !line.isEmpty();
        }
    }
}
