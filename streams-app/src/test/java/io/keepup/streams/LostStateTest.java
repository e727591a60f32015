package io.keepup.streams;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.keepup.engine.Policy;
import io.keepup.schemas.topic.KeyPartitions;
import io.keepup.schemas.topic.Topics;
import io.keepup.streams.audit.Progress;
import io.keepup.streams.audit.cluster.ClusterLog;
import io.keepup.streams.audit.verify.Verification;
import io.keepup.streams.audit.verify.Verifier;
import io.keepup.streams.state.StateException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The store knows what it was folded from: state that is lost is never folded on. */
@Timeout(180)
class LostStateTest {

    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final String CHANGELOG = "keepup-volumes-changelog";

    @TempDir
    Path directory;

    private final Events events = new Events("vol-1", Instant.now());
    private KafkaFixture kafka;
    private StreamsSettings settings;
    private KeepupStreams app;
    private long sync = 1;

    @BeforeEach
    void foldSomething() throws Exception {
        kafka = KafkaFixture.start(directory.resolve("kafka"));
        kafka.createTopics();
        settings = kafka.settings(directory.resolve("state")).with(StreamsSettings.WATCHDOG_SILENCE, "3600000");
        start(settings);
        kafka.send(events.primary(1, "vs-2"), events.primaryReady(1), events.ack("vs-2", 1, sync, 40, 10, 100));
        await().atMost(LIMIT).until(() -> reason().equals("recovery_in_progress"));
    }

    @AfterEach
    void stop() {
        if (app != null) {
            app.close();
        }
        kafka.close();
    }

    private void start(StreamsSettings with) {
        app = KeepupStreams.start(with);
        await().atMost(LIMIT).until(() -> app.whyNotReady().isEmpty());
    }

    private String reason() {
        return app.view().volume("vol-1").map(p -> p.getReason().toString()).orElse("");
    }

    @Test
    void S_F5_without_its_changelog_the_app_does_not_start_and_folds_again_only_when_told_to() throws Exception {
        app.close();
        deleteChangelog();
        int commands = kafka.read(Topics.COMMANDS_SESSION).size();

        assertThatThrownBy(() -> KeepupStreams.start(settings))
                .isInstanceOf(StartException.class)
                .hasMessageStartingWith(
                        "cannot fold keepup.events.v1: the fold's state was lost with topic " + CHANGELOG)
                .hasMessageContaining("keepup.state.refold=true")
                .hasMessageNotContaining("\n");
        start(settings.with(StreamsSettings.REFOLD, "true"));

        assertThat(kafka.read(Topics.COMMANDS_SESSION))
                .as("nothing is sent again")
                .hasSize(commands);
        catchesUp();
        app.close();
        start(settings); // what was folded again is in the changelog
        assertThat(kafka.read(Topics.REJECTED)).isEmpty();
        assertProven();
    }

    /** As when they were deleted while the app ran: Kafka Streams makes them again at the next assignment. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void S_F5_an_empty_changelog_ends_the_app_with_a_sentence(boolean markToo) throws Exception {
        app.close();
        deleteChangelog();
        try (Admin admin = kafka.admin()) {
            if (markToo) {
                admin.deleteTopics(List.of("keepup-folded-changelog")).all().get();
            }
            admin.createTopics(List.of(new NewTopic(CHANGELOG, Topics.DEFAULT_PARTITIONS, (short) 1)
                            .configs(Map.of("cleanup.policy", "compact"))))
                    .all()
                    .get();
        }

        app = KeepupStreams.start(settings);

        Throwable why = app.failure().toCompletableFuture().get(60, TimeUnit.SECONDS);
        assertThat(why)
                .isInstanceOf(StateException.class)
                .hasMessageContaining(
                        markToo ? "it is empty, though events up to offset" : "it does not hold the 1 volumes")
                .hasMessageContaining("keepup.state.refold=true");
        assertThat(app.whyNotAlive()).isPresent();
        assertThat(kafka.read(Topics.REJECTED))
                .as("nothing was decided without the state")
                .isEmpty();
    }

    @Test
    void S_F5_the_app_is_not_ready_once_its_changelog_is_gone() throws Exception {
        deleteChangelog();

        await().atMost(LIMIT).untilAsserted(() -> assertThat(app.whyNotReady())
                .hasValueSatisfying(why -> assertThat(why).contains(CHANGELOG, "was deleted")));
    }

    /** Somebody sets the group's offsets back: what was folded is not folded and sent once more. */
    @Test
    void an_event_before_the_mark_is_skipped_and_a_gap_behind_it_ends_the_app() throws Exception {
        int partition = KeyPartitions.partitionFor("vol-1", Topics.DEFAULT_PARTITIONS);
        TopicPartition input = new TopicPartition(Topics.EVENTS, partition);
        int commands = kafka.read(Topics.COMMANDS_SESSION).size();
        app.close();
        setOffset(input, 0);
        start(settings);
        catchesUp();
        assertThat(kafka.read(Topics.COMMANDS_SESSION)).hasSize(commands);
        assertThat(kafka.read(Topics.REJECTED)).isEmpty();

        app.close();
        kafka.send(events.ack("vs-2", 1, ++sync, 60, 10, 100), events.ack("vs-2", 1, ++sync, 70, 10, 100));
        setOffset(input, kafka.read(Topics.EVENTS).size() - 1);
        app = KeepupStreams.start(settings);

        assertThat(app.failure().toCompletableFuture().get(60, TimeUnit.SECONDS))
                .hasMessageContaining("have been folded")
                .hasMessageContaining("keepup.state.refold=true");
    }

    /** The replica reports: that is folded on top of what was before. */
    private void catchesUp() throws Exception {
        kafka.send(events.completed("vs-2", 1, 1, io.keepup.v1.SessionKind.catchup, 100));
        kafka.send(events.ack("vs-2", 1, ++sync, 100, 10, 100));
        await().atMost(LIMIT).until(() -> !reason().equals("recovery_in_progress"));
    }

    private void assertProven() {
        try (Admin admin = kafka.admin()) {
            ClusterLog log = ClusterLog.of(admin, kafka::consumer, "vol-1");
            log.awaitFold("keepup", LIMIT, Progress.NONE);
            Verification verification = new Verifier(log, kafka.codec, Policy.safe()).run(Progress.NONE);
            assertThat(verification.differences()).isEmpty();
            assertThat(verification.proven()).isTrue();
        }
    }

    private void setOffset(TopicPartition partition, long offset) throws Exception {
        try (Admin admin = kafka.admin()) {
            admin.alterConsumerGroupOffsets("keepup", Map.of(partition, new OffsetAndMetadata(offset)))
                    .all()
                    .get();
        }
    }

    private void deleteChangelog() throws Exception {
        try (Admin admin = kafka.admin()) {
            admin.deleteTopics(List.of(CHANGELOG)).all().get();
            await().atMost(LIMIT).until(() -> !admin.listTopics().names().get().contains(CHANGELOG));
        }
    }
}
