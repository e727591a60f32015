package io.keepup.streams;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.keepup.engine.Policy;
import io.keepup.schemas.topic.KeyPartitions;
import io.keepup.schemas.topic.Topics;
import io.keepup.streams.audit.AuditException;
import io.keepup.streams.audit.Progress;
import io.keepup.streams.audit.Replay;
import io.keepup.streams.audit.cluster.ClusterLog;
import io.keepup.streams.audit.verify.Account;
import io.keepup.streams.audit.verify.Difference;
import io.keepup.streams.audit.verify.Tally;
import io.keepup.streams.audit.verify.Verification;
import io.keepup.streams.audit.verify.Verifier;
import io.keepup.streams.state.StateCodec;
import io.keepup.v1.Meta;
import io.keepup.v1.RejectReason;
import io.keepup.v1.Rejected;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.ToLongFunction;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.streams.KafkaStreams;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** [invariant 1] On a real broker, with more than one instance of the app. */
@Timeout(120)
class AuditOnKafkaTest {

    private static final Duration LIMIT = Duration.ofSeconds(40);
    private static final String APPLICATION = "keepup";

    @TempDir
    Path directory;

    private KafkaFixture kafka;
    private Admin admin;
    private final List<KeepupStreams> apps = new ArrayList<>();

    @BeforeEach
    void start() {
        kafka = KafkaFixture.start(directory.resolve("kafka"));
        kafka.createTopics();
        admin = kafka.admin();
    }

    @AfterEach
    void stop() {
        apps.forEach(KeepupStreams::close);
        admin.close();
        kafka.close();
    }

    private KeepupStreams app(String name) {
        KeepupStreams app = KeepupStreams.start(kafka.settings(directory.resolve(name)));
        apps.add(app);
        await().atMost(LIMIT).until(() -> app.state() == KafkaStreams.State.RUNNING);
        return app;
    }

    private List<Verification> verifyAll() {
        List<Verification> parts = new ArrayList<>();
        for (int partition = 0; partition < ClusterLog.partitions(admin); partition++) {
            try (ClusterLog log = ClusterLog.of(admin, kafka::consumer, partition)) {
                assertThat(log.awaitFold(APPLICATION, LIMIT, Progress.NONE)).isZero();
                parts.add(new Verifier(log, kafka.codec, Policy.safe()).run(Progress.NONE));
            }
        }
        return parts;
    }

    private Verification verify(String volumeId) {
        try (ClusterLog log = ClusterLog.of(admin, kafka::consumer, volumeId)) {
            assertThat(log.awaitFold(APPLICATION, LIMIT, Progress.NONE)).isZero();
            return new Verifier(log, kafka.codec, Policy.safe()).run(Progress.NONE);
        }
    }

    private static long sum(List<Verification> parts, ToLongFunction<Tally> what) {
        return parts.stream()
                .flatMap(p -> p.accounts().stream())
                .flatMap(a -> a.topics().values().stream())
                .mapToLong(what)
                .sum();
    }

    private void send(List<RandomHistory> histories, int rounds) throws Exception {
        for (int i = 0; i < rounds; i++) {
            for (RandomHistory history : histories) {
                SpecificRecord event = history.next();
                if (i % 25 == 3) {
                    kafka.send(((Meta) event.get(0)).getVolumeId(), new byte[] {4, 5, 6});
                } else {
                    kafka.send(event);
                }
            }
        }
    }

    private static List<RandomHistory> histories(int count) {
        List<RandomHistory> histories = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            long seed = System.nanoTime();
            System.out.printf("vol-%d: seed %d%n", i, seed);
            histories.add(new RandomHistory("vol-" + i, seed));
        }
        return histories;
    }

    @Test
    void what_two_instances_wrote_while_one_came_and_went_is_proven() throws Exception {
        List<RandomHistory> histories = histories(6);
        app("a");
        send(histories, 30);
        KeepupStreams second = app("b");
        send(histories, 30);
        second.close();
        send(histories, 30);

        List<Verification> parts = verifyAll();

        assertThat(parts).hasSize(4).allSatisfy(p -> assertThat(p.differences()).isEmpty());
        assertThat(parts.stream()
                        .flatMap(p -> p.accounts().stream())
                        .mapToLong(Account::events)
                        .sum())
                .as("and what the watchdog said")
                .isGreaterThanOrEqualTo(6 * 90);
        Set<String> volumes = new TreeSet<>();
        parts.forEach(p -> p.accounts().forEach(a -> volumes.add(a.volumeId())));
        assertThat(volumes).hasSize(6);
        assertThat(sum(parts, Tally::equal))
                .isEqualTo(sum(parts, Tally::expected))
                .isGreaterThan(6 * 90);
        apps.forEach(KeepupStreams::close);
        assertStoredStatesAreReplayed();
    }

    /** The newest value of a volume in the store's changelog is, byte for byte, what a replay comes to. */
    private void assertStoredStatesAreReplayed() {
        Map<String, byte[]> stored = new HashMap<>();
        try (KafkaConsumer<byte[], byte[]> consumer = kafka.consumer()) {
            List<TopicPartition> partitions = consumer.partitionsFor("keepup-volumes-changelog").stream()
                    .map(p -> new TopicPartition(p.topic(), p.partition()))
                    .toList();
            consumer.assign(partitions);
            consumer.seekToBeginning(partitions);
            Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
            while (partitions.stream().anyMatch(p -> consumer.position(p) < ends.get(p))) {
                consumer.poll(Duration.ofMillis(100))
                        .forEach(r -> stored.put(new String(r.key(), StandardCharsets.UTF_8), r.value()));
            }
        }
        assertThat(stored).hasSize(6);
        stored.forEach((volumeId, bytes) -> {
            try (ClusterLog log = ClusterLog.of(admin, kafka::consumer, volumeId)) {
                log.awaitFold(APPLICATION, Duration.ofMillis(100), Progress.NONE);
                Replay replay =
                        new Replay(kafka.codec, Policy.safe(), log.extent().partitions());
                log.events(Progress.NONE, event -> {
                    replay.next(event);
                    return true;
                });
                assertThat(new StateCodec().encode(replay.state(volumeId)))
                        .as(volumeId)
                        .isEqualTo(bytes);
            }
        });
    }

    @Test
    void events_that_nobody_has_folded_yet_are_left_out_and_counted() throws Exception {
        KeepupStreams app = app("a");
        List<RandomHistory> histories = histories(1);
        send(histories, 40);
        assertThat(verify("vol-0").proven()).isTrue();
        app.close();
        send(histories, 5);

        try (ClusterLog log = ClusterLog.of(admin, kafka::consumer, "vol-0")) {
            assertThat(log.awaitFold(APPLICATION, Duration.ofMillis(200), Progress.NONE))
                    .isBetween(5L, 9L); // the watchdog's last words may be among them
            Verification verification = new Verifier(log, kafka.codec, Policy.safe()).run(Progress.NONE);
            assertThat(verification.proven()).isTrue();
            assertThat(verification.accounts().get(0).events()).isGreaterThanOrEqualTo(40);
        }
        try (ClusterLog log = ClusterLog.of(admin, kafka::consumer, "vol-0")) {
            assertThatThrownBy(() -> log.awaitFold("somebody-else", LIMIT, Progress.NONE))
                    .isInstanceOf(AuditException.class)
                    .hasMessageContaining("no Streams app 'somebody-else' has folded partition");
        }

        app("a");
        Verification all = verify("vol-0");
        assertThat(all.proven()).isTrue();
        assertThat(all.accounts().get(0).events()).isGreaterThanOrEqualTo(45);
    }

    @Test
    void an_audit_that_begins_while_the_app_is_behind_waits_for_it() throws Exception {
        List<RandomHistory> histories = histories(1);
        KeepupStreams app = app("a");
        send(histories, 10);
        assertThat(verify("vol-0").proven()).isTrue();
        app.close();
        send(histories, 200);
        try (ClusterLog log = ClusterLog.of(admin, kafka::consumer, "vol-0")) {
            List<String> told = new ArrayList<>();
            Thread late = Thread.ofVirtual().start(() -> app("a"));
            assertThat(log.awaitFold(APPLICATION, LIMIT, (what, done, total) -> told.add(what)))
                    .isZero();
            assertThat(told).contains("waiting for the Streams app");
            assertThat(new Verifier(log, kafka.codec, Policy.safe())
                            .run(Progress.NONE)
                            .accounts()
                            .get(0)
                            .events())
                    .isGreaterThanOrEqualTo(210);
            late.join();
        }
    }

    /** As a producer with another partitioner than Kafka's would put it: no second fold of the volume may begin there. */
    @Test
    void an_event_on_a_partition_that_is_not_its_volumes_is_refused_and_breaks_no_audit() throws Exception {
        app("a");
        Events events = new Events("vol-0", Instant.now());
        int home = KeyPartitions.partitionFor("vol-0", Topics.DEFAULT_PARTITIONS);
        kafka.send(events.primary(1, "vs-2"), events.primaryReady(1));
        RecordMetadata astray = kafka.put(new ProducerRecord<>(
                Topics.EVENTS,
                (home + 1) % Topics.DEFAULT_PARTITIONS,
                "vol-0".getBytes(StandardCharsets.UTF_8),
                kafka.codec.encode(Topics.EVENTS, events.primary(2, "vs-3"))));

        kafka.send(events.ack("vs-2", 1, 1, 100, 1, 100));

        assertThat(verifyAll()).hasSize(4).allSatisfy(p -> assertThat(p.differences())
                .isEmpty());
        Rejected rejected = (Rejected) kafka.codec.decode(first(Topics.REJECTED).value());
        assertThat(rejected.getReason()).isEqualTo(RejectReason.key_mismatch);
        assertThat(rejected.getPartition()).isEqualTo(astray.partition());
        assertThat(rejected.getDetail()).contains("belong on partition " + home + " of 4", "murmur2");
        Verification own = verify("vol-0");
        assertThat(own.proven()).isTrue();
        assertThat(own.accounts().get(0).events())
                .as("events where they belong")
                .isGreaterThanOrEqualTo(3);
    }

    @Test
    void records_that_retention_took_are_not_missed_and_a_doubled_one_is_found() throws Exception {
        app("a");
        send(histories(1), 150);
        assertThat(verify("vol-0").proven()).isTrue();
        Map<TopicPartition, RecordsToDelete> old = new HashMap<>();
        for (int i = 0; i < ClusterLog.partitions(admin); i++) {
            TopicPartition partition = new TopicPartition(Topics.COMMANDS_SESSION, i);
            long end = admin.listOffsets(Map.of(partition, OffsetSpec.latest()))
                    .partitionResult(partition)
                    .get()
                    .offset();
            old.put(partition, RecordsToDelete.beforeOffset(end / 2));
        }
        admin.deleteRecords(old).all().get();

        Verification verification = verify("vol-0");

        assertThat(verification.differences()).isEmpty();
        Tally commands = verification.accounts().get(0).topics().get(Topics.COMMANDS_SESSION);
        assertThat(commands.gone()).isPositive();
        assertThat(commands.equal() + commands.gone()).isEqualTo(commands.expected());

        ConsumerRecord<byte[], byte[]> copied = first(Topics.REJECTED);
        kafka.put(copied.topic(), copied.key(), copied.value(), copied.headers());
        assertThat(verify("vol-0").differences()).singleElement().satisfies(d -> {
            assertThat(d.kind()).isEqualTo(Difference.Kind.DOUBLED);
            assertThat(String.valueOf(d.cause()))
                    .isEqualTo(new String(
                            copied.headers().lastHeader("keepup_cause_offset").value(), StandardCharsets.UTF_8));
        });
    }

    private ConsumerRecord<byte[], byte[]> first(String topic) {
        try (KafkaConsumer<byte[], byte[]> consumer = kafka.consumer()) {
            TopicPartition partition = new TopicPartition(topic, KeyPartitions.partitionFor("vol-0", 4));
            consumer.assign(List.of(partition));
            consumer.seekToBeginning(List.of(partition));
            return consumer.poll(LIMIT).iterator().next();
        }
    }
}
