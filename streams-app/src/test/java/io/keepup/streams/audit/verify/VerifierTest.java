package io.keepup.streams.audit.verify;

import static org.assertj.core.api.Assertions.assertThat;

import io.keepup.engine.Policy;
import io.keepup.schemas.codec.CloudEventHeaders;
import io.keepup.schemas.codec.UndecodableException;
import io.keepup.schemas.topic.Topics;
import io.keepup.streams.Events;
import io.keepup.streams.RandomHistory;
import io.keepup.streams.audit.Place;
import io.keepup.streams.audit.Progress;
import io.keepup.streams.audit.RecordedFold;
import io.keepup.streams.audit.verify.Difference.Detail;
import io.keepup.streams.audit.verify.Difference.Kind;
import io.keepup.v1.FailureReason;
import io.keepup.v1.IssueCatchUp;
import io.keepup.v1.Meta;
import io.keepup.v1.Mode;
import io.keepup.v1.SessionFailed;
import io.keepup.v1.SessionKind;
import io.keepup.v1.SessionRecord;
import io.keepup.v1.VolumeProjection;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericDatumWriter;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.EncoderFactory;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** [invariant 1] What is on the topics is what follows from the events, or it is told what is not. */
class VerifierTest {

    @TempDir
    Path directory;

    private final Events events = new Events("vol-1");
    private RecordedFold fold;

    @BeforeEach
    void open() {
        fold = new RecordedFold(directory, Policy.safe());
    }

    @AfterEach
    void close() {
        fold.close();
    }

    /** Assigned, one catch-up completed, a rebuild issued; with a refusal and a command of each kind. */
    private void story() {
        fold.send(
                events.primary(1, "vs-2", "vs-3"),
                events.replica("vs-2", 1),
                events.primaryReady(1),
                events.ack("vs-2", 1, 1, 40, 10, 100),
                events.barrier(9, 1),
                events.completed("vs-2", 1, 1, SessionKind.catchup, 100),
                events.ack("vs-3", 1, 2, 5, 10, 120));
    }

    private Verification verify() {
        return new Verifier(fold, fold.codec, Policy.safe()).run(Progress.NONE);
    }

    private Difference only(Verification verification) {
        assertThat(verification.proven()).isFalse();
        assertThat(verification.unlisted()).isZero();
        assertThat(verification.differences()).hasSize(1);
        return verification.differences().get(0);
    }

    private ConsumerRecord<byte[], byte[]> first(String topic, Class<? extends SpecificRecord> type) {
        return fold.on(topic).stream()
                .filter(r -> type.isInstance(decoded(r.value())))
                .findFirst()
                .orElseThrow();
    }

    private SpecificRecord decoded(byte[] value) {
        try {
            return fold.codec.decode(value);
        } catch (UndecodableException e) {
            throw new AssertionError(e);
        }
    }

    private byte[] withTarget(byte[] value, long lsn) {
        IssueCatchUp command = (IssueCatchUp) decoded(value);
        return fold.codec.encode(
                Topics.COMMANDS_SESSION,
                IssueCatchUp.newBuilder(command).setTargetLsn(lsn).build());
    }

    @Test
    void random_histories_of_several_volumes_with_poison_in_between_are_proven() {
        List<RandomHistory> histories = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            long seed = System.nanoTime() + i;
            System.out.printf("vol-%d: seed %d%n", i, seed);
            histories.add(new RandomHistory("vol-" + i, seed));
        }
        for (int i = 0; i < 600; i++) {
            fold.send(histories.get(i % 3).next());
            if (i % 50 == 7) {
                fold.send("vol-1", new byte[] {1, 2, 3}, new RecordHeaders());
                fold.send(null, new byte[] {0, 0, 0, 0, 99, 1}, new RecordHeaders().add("x", null));
                fold.send("vol-2", null, new RecordHeaders());
            }
        }
        long written = Topics.shared().stream()
                .filter(t -> fold.extent().outputs().keySet().stream()
                        .anyMatch(p -> p.topic().equals(t.name())))
                .mapToLong(t -> fold.on(t.name()).size())
                .sum();

        Verification all = verify();

        assertThat(all.differences()).isEmpty();
        assertThat(all.proven()).isTrue();
        assertThat(all.accounts()).extracting(Account::volumeId).containsExactly("", "vol-0", "vol-1", "vol-2");
        assertThat(all.accounts().stream().mapToLong(Account::events).sum()).isEqualTo(fold.eventCount());
        assertThat(sum(all, Tally::equal)).isEqualTo(written).isGreaterThan(600);
        assertThat(sum(all, Tally::gone) + sum(all, Tally::older)).isZero();
        fold.of("vol-1");
        Verification one = verify();
        assertThat(one.proven()).isTrue();
        assertThat(one.accounts()).extracting(Account::volumeId).containsExactly("vol-1");
        assertThat(sum(one, Tally::equal)).isPositive().isLessThan(written);
    }

    private static long sum(Verification verification, java.util.function.ToLongFunction<Tally> what) {
        return verification.accounts().stream()
                .flatMap(a -> a.topics().values().stream())
                .mapToLong(what)
                .sum();
    }

    @Test
    void a_command_that_was_written_otherwise_is_altered_and_named_with_what_differs() {
        story();
        ConsumerRecord<byte[], byte[]> command = first(Topics.COMMANDS_SESSION, IssueCatchUp.class);
        fold.replace(command, command.key(), withTarget(command.value(), 99), command.headers());

        Difference difference = only(verify());

        assertThat(difference.kind()).isEqualTo(Kind.ALTERED);
        assertThat(difference.volumeId()).isEqualTo("vol-1");
        assertThat(difference.type()).isEqualTo("IssueCatchUp");
        assertThat(difference.place()).isEqualTo(Place.of(command));
        assertThat(difference.cause()).isEqualTo(3);
        assertThat(difference.id()).startsWith("vol-1/").endsWith("@" + difference.key());
        assertThat(difference.ofVersion()).isFalse();
        assertThat(difference.details()).containsExactly(new Detail("targetLsn", "99", "100"));
        fold.of("vol-1");
        assertThat(only(verify())).isEqualTo(difference);
        fold.of("vol-2");
        assertThat(verify().proven()).isTrue();
    }

    @Test
    void an_altered_copy_of_a_command_is_altered_and_a_true_one_is_doubled() {
        story();
        ConsumerRecord<byte[], byte[]> command = first(Topics.COMMANDS_SESSION, IssueCatchUp.class);
        Place altered =
                fold.put(Topics.COMMANDS_SESSION, command.key(), withTarget(command.value(), 9_999), command.headers());
        Difference copy = only(verify());
        assertThat(copy.kind()).isEqualTo(Kind.ALTERED);
        assertThat(copy.place()).isEqualTo(altered);
        assertThat(copy.details()).containsExactly(new Detail("targetLsn", "9999", "100"));

        Place doubled = fold.put(Topics.COMMANDS_SESSION, command.key(), command.value(), command.headers());

        List<Difference> both = verify().differences();
        assertThat(both).extracting(Difference::kind).containsExactlyInAnyOrder(Kind.ALTERED, Kind.DOUBLED);
        assertThat(both).extracting(Difference::place).containsExactlyInAnyOrder(altered, doubled);
    }

    @Test
    void a_copy_right_behind_its_original_is_doubled() {
        fold.send(events.primary(1, "vs-2"), events.ack("vs-2", 1, 1, 40, 10, 100));
        List<ConsumerRecord<byte[], byte[]>> commands = fold.on(Topics.COMMANDS_SESSION);
        ConsumerRecord<byte[], byte[]> last = commands.get(commands.size() - 1);
        Place place = fold.put(last.topic(), last.key(), last.value(), last.headers());
        Difference difference = only(verify());
        assertThat(difference.kind()).isEqualTo(Kind.DOUBLED);
        assertThat(difference.place()).isEqualTo(place);
        assertThat(difference.details()).isEmpty();
    }

    @Test
    void a_command_that_is_not_there_is_missing() {
        story();
        ConsumerRecord<byte[], byte[]> command = first(Topics.COMMANDS_SESSION, IssueCatchUp.class);
        fold.remove(command);
        Difference difference = only(verify());
        assertThat(difference.kind()).isEqualTo(Kind.MISSING);
        assertThat(difference.place()).isNull();
        assertThat(difference.cause()).isEqualTo(3);
        assertThat(difference.key()).isEqualTo(new String(command.key(), StandardCharsets.UTF_8));
        assertThat(difference.type()).isEqualTo("IssueCatchUp");
    }

    @Test
    void a_command_without_event_is_extra_whatever_its_headers_say() {
        story();
        ConsumerRecord<byte[], byte[]> command = first(Topics.COMMANDS_SESSION, IssueCatchUp.class);
        Headers none = new RecordHeaders();
        Headers otherEvent = new RecordHeaders(CloudEventHeaders.causedBy(Topics.EVENTS, 0, 2));
        Headers otherPartition = new RecordHeaders(CloudEventHeaders.causedBy(Topics.EVENTS, 7, 3));
        for (Headers headers : List.of(none, otherEvent, otherPartition)) {
            Place place = fold.put(Topics.COMMANDS_SESSION, command.key(), command.value(), headers);
            for (String volume : new String[] {null, "vol-1"}) {
                fold.of(volume);
                Difference difference = only(verify());
                assertThat(difference.kind()).isEqualTo(Kind.EXTRA);
                assertThat(difference.place()).isEqualTo(place);
                assertThat(difference.volumeId()).isEqualTo("vol-1");
            }
            fold.remove(fold.fetch(List.of(place)).get(0));
        }
    }

    @Test
    void garbage_on_a_topic_of_commands_is_extra() {
        story();
        fold.put(Topics.COMMANDS_NODE, "vs-1".getBytes(StandardCharsets.UTF_8), new byte[] {7}, new RecordHeaders());
        Difference difference = only(verify());
        assertThat(difference.kind()).isEqualTo(Kind.EXTRA);
        assertThat(difference.type()).isEmpty();
        assertThat(difference.volumeId()).isEmpty();
    }

    @Test
    void a_command_in_a_partition_where_its_node_does_not_look_is_not_where_it_should_be() {
        story();
        ConsumerRecord<byte[], byte[]> command = first(Topics.COMMANDS_SESSION, IssueCatchUp.class);
        fold.remove(command);
        Place place = fold.put(
                command.topic(), (command.partition() + 1) % 3, command.key(), command.value(), command.headers());
        Difference difference = only(verify());
        assertThat(difference.kind()).isEqualTo(Kind.ALTERED);
        assertThat(difference.place()).isEqualTo(place);
        assertThat(difference.details()).extracting(Detail::what).containsExactly("place");
    }

    @Test
    void a_header_or_a_key_that_differs_is_told_and_one_that_is_none_of_ours_does_not_matter() {
        story();
        ConsumerRecord<byte[], byte[]> command = first(Topics.COMMANDS_SESSION, IssueCatchUp.class);
        Headers traced = new RecordHeaders(command.headers()).add("traceparent", new byte[] {1});
        fold.replace(command, command.key(), command.value(), traced);
        assertThat(verify().proven()).isTrue();

        command = first(Topics.COMMANDS_SESSION, IssueCatchUp.class);
        Headers changed = new RecordHeaders(command.headers());
        changed.remove(CloudEventHeaders.TIME);
        fold.replace(command, command.key(), command.value(), changed);
        Difference difference = only(verify());
        assertThat(difference.kind()).isEqualTo(Kind.ALTERED);
        assertThat(difference.details()).extracting(Detail::what).containsExactly("headers");
        assertThat(difference.details().get(0).byReplay()).startsWith("ce_time=");
    }

    @Test
    void a_refusal_that_was_changed_is_told() {
        story();
        ConsumerRecord<byte[], byte[]> refusal = fold.on(Topics.REJECTED).get(0);
        io.keepup.v1.Rejected rejected = (io.keepup.v1.Rejected) decoded(refusal.value());
        fold.replace(
                refusal,
                refusal.key(),
                fold.codec.encode(
                        Topics.REJECTED,
                        io.keepup.v1.Rejected.newBuilder(rejected)
                                .setDetail("all is well")
                                .build()),
                refusal.headers());
        Difference difference = only(verify());
        assertThat(difference.kind()).isEqualTo(Kind.ALTERED);
        assertThat(difference.details()).extracting(Detail::what).containsExactly("detail");
    }

    @Test
    void of_a_compacted_topic_what_remains_is_compared_and_the_newest_must_remain() {
        story();
        long published = fold.on(Topics.PROJECTIONS).size();
        fold.compact(Topics.PROJECTIONS);

        Verification compacted = verify();

        assertThat(compacted.proven()).isTrue();
        Tally tally = compacted.accounts().get(0).topics().get(Topics.PROJECTIONS);
        assertThat(tally.expected()).isEqualTo(published);
        assertThat(tally.equal()).isEqualTo(1);
        assertThat(tally.gone()).isEqualTo(published - 1);

        ConsumerRecord<byte[], byte[]> newest = fold.on(Topics.PROJECTIONS).get(0);
        fold.remove(newest);
        Difference missing = only(verify());
        assertThat(missing.kind()).isEqualTo(Kind.MISSING);
        assertThat(missing.type()).isEqualTo("VolumeProjection");
        assertThat(missing.cause()).isEqualTo(6);

        VolumeProjection told = (VolumeProjection) decoded(newest.value());
        byte[] rosy = fold.codec.encode(
                Topics.PROJECTIONS,
                VolumeProjection.newBuilder(told)
                        .setMode(Mode.publish_healthy)
                        .setHealthy(true)
                        .build());
        fold.put(Topics.PROJECTIONS, newest.key(), rosy, newest.headers());
        Difference altered = only(verify());
        assertThat(altered.kind()).isEqualTo(Kind.ALTERED);
        assertThat(altered.details()).extracting(Detail::what).containsExactly("healthy", "mode");
    }

    @Test
    void an_old_projection_published_again_hides_the_newest_and_is_told() {
        story();
        ConsumerRecord<byte[], byte[]> old = fold.on(Topics.PROJECTIONS).get(0);
        fold.put(old.topic(), old.key(), old.value(), old.headers());
        assertThat(only(verify()).kind()).isEqualTo(Kind.DOUBLED);
        fold.compact(Topics.PROJECTIONS);
        assertThat(verify().differences())
                .as("the newest is gone, an old one stands in its place")
                .extracting(Difference::kind)
                .contains(Kind.MISSING);
    }

    @Test
    void of_the_ledger_the_last_word_of_every_session_must_remain() {
        story();
        fold.compact(Topics.SESSIONS);
        assertThat(verify().proven()).isTrue();
        List<ConsumerRecord<byte[], byte[]>> left = fold.on(Topics.SESSIONS);
        assertThat(left)
                .extracting(r -> new String(r.key(), StandardCharsets.UTF_8))
                .containsExactlyInAnyOrder("vol-1/1", "vol-1/2");
        fold.remove(left.get(0));
        Difference difference = only(verify());
        assertThat(difference.kind()).isEqualTo(Kind.MISSING);
        assertThat(difference.key()).isEqualTo(new String(left.get(0).key(), StandardCharsets.UTF_8));
        fold.remove(left.get(1));
        assertThat(verify().differences()).hasSize(2).allMatch(d -> d.kind() == Kind.MISSING);
    }

    @Test
    void a_volume_that_was_removed_from_the_projections_is_not_missed_there() {
        story();
        fold.put(Topics.PROJECTIONS, "vol-1".getBytes(StandardCharsets.UTF_8), null, new RecordHeaders());
        fold.compact(Topics.PROJECTIONS);
        assertThat(verify().proven()).isTrue();
    }

    @Test
    void commands_that_retention_took_are_not_missed_but_those_after_them_are() {
        RandomHistory history = new RandomHistory("vol-1", 11);
        for (int i = 0; i < 400; i++) {
            fold.send(history.next());
        }
        fold.expire(Topics.COMMANDS_SESSION, 5);

        Verification expired = verify();

        assertThat(expired.proven()).isTrue();
        assertThat(expired.accounts()
                        .get(0)
                        .topics()
                        .get(Topics.COMMANDS_SESSION)
                        .gone())
                .isEqualTo(15);
        List<ConsumerRecord<byte[], byte[]>> left = fold.on(Topics.COMMANDS_SESSION);
        fold.remove(left.get(left.size() - 1));
        assertThat(only(verify()).kind()).isEqualTo(Kind.MISSING);
    }

    @Test
    void records_of_an_older_engine_that_say_the_same_are_equal() {
        story();
        for (String topic : List.of(
                Topics.COMMANDS_NODE, Topics.COMMANDS_SESSION, Topics.PROJECTIONS, Topics.SESSIONS, Topics.REJECTED)) {
            fold.rewrite(topic, this::byEngine0);
        }
        Verification verification = verify();
        assertThat(verification.proven()).isTrue();
        assertThat(sum(verification, Tally::older)).isEqualTo(sum(verification, Tally::equal));
    }

    @Test
    void records_written_before_engines_had_versions_are_read_with_their_own_schema() {
        story();
        fold.rewrite(Topics.COMMANDS_NODE, this::withoutVersion);
        fold.rewrite(Topics.COMMANDS_SESSION, this::withoutVersion);
        Verification verification = verify();
        assertThat(verification.proven()).isTrue();
        assertThat(sum(verification, Tally::older)).isPositive();
    }

    @Test
    void what_another_engine_decided_otherwise_is_a_difference_of_version_and_what_follows_as_well() {
        story();
        ConsumerRecord<byte[], byte[]> command = first(Topics.COMMANDS_SESSION, IssueCatchUp.class);
        fold.replace(command, command.key(), byEngine0(withTarget(command.value(), 99)), command.headers());
        Difference difference = only(verify());
        assertThat(difference.ofVersion()).isTrue();
        assertThat(difference.version()).isZero();
        assertThat(difference.details()).containsExactly(new Detail("targetLsn", "99", "100"));

        List<ConsumerRecord<byte[], byte[]>> later = fold.on(Topics.COMMANDS_SESSION).stream()
                .filter(r -> decoded(r.value()) instanceof io.keepup.v1.IssueRebuild)
                .toList();
        fold.remove(later.get(0));
        assertThat(verify().differences()).hasSize(2).allMatch(Difference::ofVersion);
    }

    @Test
    void what_engine_1_left_out_of_the_ledger_is_a_difference_of_version() {
        fold.send(events.primary(1, "vs-2"), events.ack("vs-2", 1, 1, 5, 10, 100));
        SessionFailed said = events.failed("vs-2", 1, 1, SessionKind.rebuild, FailureReason.transport_lost);
        fold.send(SessionFailed.newBuilder(said)
                .setMeta(Meta.newBuilder(said.getMeta()).setSource("node/vs-2").build())
                .setBaseBytes(4096L)
                .setSkippedBlocks(3L)
                .build());
        assertThat(verify().proven()).isTrue();
        fold.rewrite(Topics.SESSIONS, this::byEngine1);

        Difference difference = only(verify());

        assertThat(difference.kind()).isEqualTo(Kind.ALTERED);
        assertThat(difference.ofVersion()).isTrue();
        assertThat(difference.version()).isEqualTo(1);
        assertThat(difference.details())
                .containsExactly(
                        new Detail("baseBytes", "0", "4096"),
                        new Detail("skippedBlocks", "0", "3"),
                        new Detail("skippedBytes", "0", "12288"));
    }

    private byte[] byEngine1(byte[] value) {
        return fold.codec.encode(
                Topics.SESSIONS,
                SessionRecord.newBuilder((SessionRecord) decoded(value))
                        .setBaseBytes(0)
                        .setSkippedBlocks(0)
                        .setSkippedBytes(0)
                        .setEngineVersion(1)
                        .build());
    }

    private byte[] byEngine0(byte[] value) {
        SpecificRecord record = decoded(value);
        record.put(record.getSchema().getField("engineVersion").pos(), 0);
        return fold.codec.encode(topicOf(record), record);
    }

    private static String topicOf(SpecificRecord record) {
        return Topics.shared().stream()
                .filter(t -> t.records().contains(record.getSchema()))
                .findFirst()
                .orElseThrow()
                .name();
    }

    /** As a build wrote it that did not have the field. */
    private byte[] withoutVersion(byte[] value) {
        SpecificRecord record = decoded(value);
        Schema now = record.getSchema();
        Schema then = Schema.createRecord(now.getName(), null, now.getNamespace(), false);
        then.setFields(now.getFields().stream()
                .filter(f -> !f.name().equals("engineVersion"))
                .map(f -> new Schema.Field(f, f.schema()))
                .toList());
        GenericRecord old = new GenericData.Record(then);
        then.getFields()
                .forEach(
                        f -> old.put(f.name(), record.get(now.getField(f.name()).pos())));
        int id = fold.registry.register("old", then);
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.writeBytes(new byte[] {0, 0, 0, 0, (byte) id});
        BinaryEncoder encoder = EncoderFactory.get().directBinaryEncoder(out, null);
        try {
            new GenericDatumWriter<GenericRecord>(
                            then, org.apache.avro.specific.SpecificData.getForClass(record.getClass()))
                    .write(old, encoder);
            encoder.flush();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return out.toByteArray();
    }

    @Test
    void up_to_an_earlier_end_later_outputs_are_nobodys() {
        story();
        fold.compact(Topics.PROJECTIONS);
        for (long end = 0; end <= fold.eventCount(); end++) {
            for (String volume : new String[] {null, "vol-1"}) {
                Verification verification =
                        new Verifier(fold.of(volume).endAt(end), fold.codec, Policy.safe()).run(Progress.NONE);
                assertThat(verification.differences()).as("end %d", end).isEmpty();
                assertThat(verification.accounts().stream()
                                .mapToLong(Account::events)
                                .sum())
                        .isEqualTo(end);
            }
        }
    }

    @Test
    void another_policy_would_have_decided_otherwise() {
        story();
        fold.send(events.completed("vs-3", 1, 2, io.keepup.v1.SessionKind.rebuild, 120));
        Verification verification = new Verifier(fold, fold.codec, Policy.reference()).run(Progress.NONE);
        assertThat(verification.proven()).isFalse();
        assertThat(verification.differences())
                .filteredOn(d -> d.kind() == Kind.ALTERED)
                .isNotEmpty()
                .allSatisfy(d -> assertThat(d.details()).isNotEmpty());
    }

    @Test
    void a_hundred_events_with_differences_are_told_and_the_others_are_counted() {
        RandomHistory history = new RandomHistory("vol-1", 5);
        for (int i = 0; i < 900; i++) {
            fold.send(history.next());
        }
        int refusals = fold.on(Topics.REJECTED).size();
        fold.on(Topics.REJECTED).forEach(fold::remove);
        Verification verification = verify();
        assertThat(verification.differences()).hasSize(100);
        assertThat(verification.unlisted()).isEqualTo(refusals - 100).isPositive();
    }

    @Test
    void the_app_folding_everything_once_more_doubles_everything() {
        story();
        for (String topic : List.of(Topics.COMMANDS_NODE, Topics.COMMANDS_SESSION, Topics.REJECTED)) {
            fold.on(topic).forEach(r -> fold.put(topic, r.key(), r.value(), r.headers()));
        }
        assertThat(verify().differences())
                .isNotEmpty()
                .extracting(Difference::kind)
                .containsOnly(Kind.DOUBLED);
    }
}
