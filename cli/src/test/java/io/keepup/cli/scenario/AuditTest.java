package io.keepup.cli.scenario;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.keepup.cli.CommandRun;
import io.keepup.cli.rig.SessionLog;
import io.keepup.schemas.topic.KeyPartitions;
import io.keepup.schemas.topic.Topics;
import io.keepup.v1.AckKind;
import io.keepup.v1.IssueRebuild;
import io.keepup.v1.ReadinessObserved;
import io.keepup.v1.SessionFailed;
import io.keepup.v1.SessionKind;
import io.keepup.v1.SyncAck;
import io.keepup.v1.SyncAckReceived;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** The audit as an operator uses it, on real volumes and a real broker: it tells, it explains, it proves. */
@Timeout(120)
class AuditTest {

    private static final ObjectMapper JSON = new ObjectMapper();

    @RegisterExtension
    final VolumeUnderTest volume = new VolumeUnderTest(8 << 20);

    @TempDir
    private Path directory;

    private final String p = volume.node("p");
    private final String r1 = volume.node("r1");
    private final String r2 = volume.node("r2");

    private CommandRun audit(Object... more) {
        return run("audit", Stream.concat(Stream.of(volume.id()), Arrays.stream(more)));
    }

    private CommandRun run(String command, Stream<?> arguments) {
        return CommandRun.on(
                volume.cluster().options(),
                Stream.concat(Stream.of(command), arguments).toArray());
    }

    /** What was printed, as if the paper were wide enough. */
    private static String oneLine(CommandRun run) {
        return run.out().replaceAll("\\s+", " ");
    }

    private static JsonNode json(String text) {
        try {
            return JSON.readTree(text);
        } catch (JsonProcessingException e) {
            throw new AssertionError(text, e);
        }
    }

    /** A rebuild of r2 on real nodes, after the log was trimmed past it. */
    private SessionLog.Session rebuilt() {
        volume.bootstrap(p, r1, r2);
        volume.awaitHealthyAt(volume.fillHalf(p));
        volume.stop(r2);
        volume.burst(p, 50);
        volume.trimAll(p, r1);
        volume.start(r2);
        SessionLog.Session rebuild = volume.awaitCompleted(r2, SessionKind.rebuild, 0);
        volume.awaitHealthyAt(volume.status(p).durableLsn());
        return rebuild;
    }

    @Test
    void why_a_replica_was_rebuilt_is_told_explained_entered_and_proven() {
        SessionLog.Session rebuild = rebuilt();
        String decision = "applied %,d < tail %,d -> rebuild"
                .formatted(rebuild.facts().getReplicaLsn(), rebuild.facts().getPrimaryWalTail());

        CommandRun timeline = audit();
        assertThat(timeline.exit()).isZero();
        assertThat(oneLine(timeline))
                .contains(decision, "command IssueRebuild to " + r2 + ", " + p)
                .contains("-> needs_rebuild (replica_needs_rebuild)", "publish_healthy")
                .doesNotContain("\u001b");
        assertThat(timeline.out().lines()).allMatch(line -> line.length() <= 100);

        CommandRun explained = audit("--explain", rebuild.id());
        assertThat(explained.exit()).isZero();
        assertThat(oneLine(explained))
                .startsWith("session %d, a rebuild of %s: completed in ".formatted(rebuild.id(), r2))
                .contains("what led to it", r2 + " was last in step", "is gone", decision)
                .contains("how it ended", "completed at");
        assertThat(explained.out().lines()).allMatch(line -> line.length() <= 100);
        JsonNode why = json(audit("--explain", rebuild.id(), "--json").out());
        assertThat(why.path("decision").path("decision").asText()).isEqualTo(decision);
        assertThat(why.path("end").path("type").asText()).isEqualTo("SessionCompleted");
        CommandRun none = audit("--explain", 99);
        assertThat(none.exit()).isEqualTo(1);
        assertThat(none.err()).isEqualTo("keepup: %s has no session 99: its last is 1".formatted(volume.id()));

        CommandRun proven = audit("--verify");
        assertThat(proven.err()).isEmpty();
        assertThat(proven.exit()).isZero();
        assertThat(proven.out()).contains("proven: what is on the topics is what follows from the events");

        JsonNode sessions = json(
                run("sessions", Stream.of("--volume", volume.id(), "--json")).out());
        assertThat(sessions).hasSize(1);
        assertThat(sessions.get(0).path("outcome").asText()).isEqualTo("completed");
        assertThat(sessions.get(0).path("cause").asText()).isEqualTo("behind_wal_tail");
        assertThat(sessions.get(0).path("baseBytes").asLong()).isEqualTo(rebuild.baseBytes());
        assertThat(sessions.get(0).path("zeroBytes").asLong()).isEqualTo(rebuild.zeroBytes());
        CommandRun listed = run("sessions", Stream.of("--volume", volume.id()));
        assertThat(listed.out().lines()).hasSize(2).allMatch(line -> line.length() <= 100);
        assertThat(listed.out()).contains(volume.id() + "/" + rebuild.id(), "rebuild", "completed", "SKIPPED");
        assertThat(sessions.get(0).path("skippedBlocks").asLong()).isEqualTo(rebuild.skippedBlocks());
        assertThat(sessions.get(0).path("skippedBytes").asLong())
                .isEqualTo(rebuild.skippedBlocks() * VolumeUnderTest.BLOCK);

        // the moment of its end still counts, the one after it does not
        Instant end = Instant.parse(sessions.get(0).path("end").asText());
        assertThat(json(sessionsSince(end).out())).isEqualTo(sessions);
        assertThat(json(sessionsSince(end.plusMillis(1)).out())).isEmpty();
        assertThat(json(sessionsSince(end.minusMillis(1)).out())).isEqualTo(sessions);
        assertThat(run("sessions", Stream.of("--volume", "none-such")).out()).startsWith("no sessions");
    }

    private CommandRun sessionsSince(Instant since) {
        return run("sessions", Stream.of("--volume", volume.id(), "--since", since, "--json"));
    }

    @Test
    void the_state_at_any_event_is_what_the_app_had_stored_then() {
        rebuilt();
        volume.stop(p, r1, r2);
        volume.settle();
        List<ConsumerRecord<byte[], byte[]>> stored = records("keepup-volumes-changelog");
        JsonNode last = json(audit("--until", Long.MAX_VALUE / 10, "--json").out());
        assertThat(state(last)).isEqualTo(stored.get(stored.size() - 1).value());

        List<JsonNode> changes = audit("--json")
                .out()
                .lines()
                .map(AuditTest::json)
                .filter(m -> !m.path("changes").isEmpty())
                .toList();
        assertThat(changes).hasSizeGreaterThan(10);
        int place = stored.size();
        for (JsonNode change : changes.reversed().subList(0, 5)) {
            String at = change.path("partition").asInt() + ":"
                    + change.path("offset").asLong();
            JsonNode then = json(audit("--until", at, "--json").out());
            assertThat(then.path("projection").path("mode").asText())
                    .isEqualTo(change.path("mode").asText());
            do {
                place--; // an event may have stored the same again
            } while (place > 0 && !Arrays.equals(stored.get(place).value(), state(then)));
            assertThat(stored.get(place).value()).as("state at " + at).isEqualTo(state(then));
        }
        CommandRun shown = audit("--until", changes.get(0).path("offset").asLong());
        assertThat(shown.out()).contains("allocated_only", "stored state: ", "SHA-256");
        theStateAtAnInstantIsThatAfterTheLastEventUntilThen(changes);
    }

    private void theStateAtAnInstantIsThatAfterTheLastEventUntilThen(List<JsonNode> changes) {
        List<ConsumerRecord<byte[], byte[]>> events = records(Topics.EVENTS);
        Set<Long> changing =
                changes.stream().map(c -> c.path("offset").asLong()).collect(Collectors.toSet());
        int at = events.size() / 2;
        while (!changing.contains(events.get(at).offset())
                || events.get(at - 1).timestamp() >= events.get(at).timestamp()
                || events.get(at + 1).timestamp() <= events.get(at).timestamp()) {
            at++; // to one that changed something, alone in its millisecond
        }
        long offset = events.get(at).offset();
        Instant instant = Instant.ofEpochMilli(events.get(at).timestamp());
        String then = audit("--until", offset, "--json").out();
        String before = audit("--until", events.get(at - 1).offset(), "--json").out();
        assertThat(state(json(then))).isNotEqualTo(state(json(before)));
        assertThat(audit("--until", instant, "--json").out()).isEqualTo(then);
        assertThat(audit("--until", instant.minusMillis(1), "--json").out()).isEqualTo(before);

        JsonNode proven = json(audit("--verify", "--until", instant, "--json").out());
        assertThat(proven.path("proven").asBoolean()).isTrue();
        assertThat(proven.at("/volumes/0/events").asLong()).isEqualTo(at + 1);
    }

    private static byte[] state(JsonNode moment) {
        return Base64.getDecoder().decode(moment.path("state").asText());
    }

    /** Everything on a topic that has the key of this volume or of one of its nodes. */
    private List<ConsumerRecord<byte[], byte[]>> records(String topic) {
        List<ConsumerRecord<byte[], byte[]>> all = new ArrayList<>();
        try (Consumer<byte[], byte[]> consumer = volume.cluster().options().consumer()) {
            List<TopicPartition> partitions = consumer.partitionsFor(topic).stream()
                    .map(i -> new TopicPartition(topic, i.partition()))
                    .toList();
            consumer.assign(partitions);
            consumer.seekToBeginning(partitions);
            Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
            while (partitions.stream().anyMatch(i -> consumer.position(i) < ends.get(i))) {
                for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofMillis(100))) {
                    String key = new String(record.key(), StandardCharsets.UTF_8);
                    if (key.equals(volume.id()) || key.startsWith(volume.id() + "-")) {
                        all.add(record);
                    }
                }
            }
        }
        return all;
    }

    /** A rebuild issued on a volume whose nodes are not there, so that a forged command harms nobody. */
    private ConsumerRecord<byte[], byte[]> playedRebuild() {
        volume.assign(1, p, r1);
        volume.putEvent(new ReadinessObserved(volume.meta(p, 1), true, null, true, true, null, "", null, null));
        SyncAck ack = new SyncAck(5L, 5L, 5L, 1L, true, null, AckKind.quorum, false, null, 0L);
        volume.putEvent(new SyncAckReceived(volume.meta(p, 1), r1, 1L, ack, 40L, 90L, 0L, 0L));
        volume.putEvent("no event".getBytes(StandardCharsets.UTF_8));
        volume.settle();
        List<ConsumerRecord<byte[], byte[]>> commands = records(Topics.COMMANDS_SESSION);
        assertThat(commands).hasSize(2);
        CommandRun proven = audit("--verify");
        assertThat(proven.exit()).as(proven.err() + proven.out()).isZero();
        return commands.stream()
                .filter(c -> new String(c.key(), StandardCharsets.UTF_8).equals(r1))
                .findFirst()
                .orElseThrow();
    }

    @Test
    void an_altered_command_is_named_with_what_differs_and_so_is_a_doubled_one() throws Exception {
        ConsumerRecord<byte[], byte[]> command = playedRebuild();
        IssueRebuild issued = (IssueRebuild) volume.cluster().codec().decode(command.value());
        SpecificRecord altered = IssueRebuild.newBuilder(issued).setTargetLsn(1).build();
        volume.cluster()
                .put(new ProducerRecord<>(
                        command.topic(),
                        null,
                        command.key(),
                        volume.encode(command.topic(), altered),
                        command.headers()));

        CommandRun refuted = audit("--verify");

        assertThat(refuted.exit()).isEqualTo(1);
        assertThat(refuted.err()).isEqualTo("keepup: the topics differ from what follows from the events, in 1 record");
        assertThat(oneLine(refuted))
                .contains("altered IssueRebuild " + issued.getMeta().getEventId())
                .contains("targetLsn: on the topic 1, by replay 90")
                .doesNotContain("proven");
        assertThat(refuted.out().lines()).allMatch(line -> line.length() <= 100);

        // nobody runs the session: once the watchdog has ended it, there is nothing more to say
        volume.awaitWatch(
                "the end of the session",
                w -> !volume.seen().values(SessionFailed.class).isEmpty());
        volume.settle();
        volume.putAgain(command);
        JsonNode both = json(audit("--verify", "--json").out());
        assertThat(both.path("proven").asBoolean()).isFalse();
        assertThat(both.path("differences").findValuesAsText("kind")).containsExactly("altered", "doubled");
        assertThat(both.path("differences").findValuesAsText("id"))
                .containsOnly(issued.getMeta().getEventId());
        assertThat(both.path("differences").get(0).path("partition").asInt())
                .isEqualTo(KeyPartitions.partitionFor(r1, Topics.DEFAULT_PARTITIONS));

        CommandRun all = run("audit", Stream.of("--all", "--verify"));
        assertThat(all.exit()).isEqualTo(1);
        assertThat(oneLine(all)).contains(issued.getMeta().getEventId());

        // a bug report that is a test
        Path file = directory.resolve("report.avro");
        CommandRun exported = audit("--export", file);
        assertThat(exported.exit()).as(exported.err()).isZero();
        CommandRun again = CommandRun.of("audit", "--from", file, "--verify", "--json");
        assertThat(again.exit()).isEqualTo(1);
        assertThat(json(again.out()).path("differences")).isEqualTo(both.path("differences"));
        assertThat(json(again.out()).at("/volumes/0/topics")).isEqualTo(both.at("/volumes/0/topics"));
        assertThat(CommandRun.of("audit", "--from", file).out()).isEqualTo(audit().out());
        assertThat(CommandRun.of("audit", "--from", file, "--explain", 1).out())
                .isEqualTo(audit("--explain", 1).out());
        assertThat(CommandRun.of("audit", "other", "--from", file).err())
                .contains("holds volume " + volume.id() + ", not other");
        assertThat(audit("--export", file).err()).endsWith("is there already: name another file");
    }

    @Test
    void what_if_another_policy_had_decided() {
        playedRebuild();
        CommandRun otherwise = audit("--verify", "--policy", "reference");
        assertThat(otherwise.exit()).isEqualTo(1);
        assertThat(oneLine(otherwise)).contains("altered IssueRebuild", "by replay");
    }

    @Test
    void what_cannot_be_audited_is_said_in_one_line() {
        CommandRun nobody = run("audit", Stream.of("none-such"));
        assertThat(nobody.exit()).isEqualTo(1);
        assertThat(nobody.err())
                .isEqualTo("keepup: there are no events of volume none-such: 'keepup status' lists the volumes");
        assertThat(run("audit", Stream.of("none-such", "--verify")).err()).isEqualTo(nobody.err());
        playedRebuild();
        CommandRun wrongPartition = audit("--until", "77:1");
        assertThat(wrongPartition.exit()).isEqualTo(1);
        assertThat(wrongPartition.err()).hasLineCount(1).contains("not on 77; a time needs its date");
        CommandRun early = audit("--until", "2001-01-01T00:00:00");
        assertThat(early.exit()).isEqualTo(1);
        assertThat(early.err()).isEqualTo("keepup: there was no event of %s yet then".formatted(volume.id()));
    }
}
