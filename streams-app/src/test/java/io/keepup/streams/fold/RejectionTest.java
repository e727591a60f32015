package io.keepup.streams.fold;

import static org.assertj.core.api.Assertions.assertThat;

import io.keepup.schemas.codec.CloudEventHeaders;
import io.keepup.schemas.topic.RecordBounds;
import io.keepup.schemas.topic.Topics;
import io.keepup.streams.Events;
import io.keepup.streams.fold.FoldHarness.Out;
import io.keepup.v1.AssignmentDelivered;
import io.keepup.v1.BarrierConfirmed;
import io.keepup.v1.Meta;
import io.keepup.v1.RejectReason;
import io.keepup.v1.Rejected;
import io.keepup.v1.Role;
import io.keepup.v1.SessionKind;
import io.keepup.v1.StartReceiver;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** [invariant 8] Bad input never stops the fold, never changes state, and is never lost. */
class RejectionTest {

    @TempDir
    Path directory;

    private final Events events = new Events("vol-1");
    private FoldHarness fold;

    @BeforeEach
    void open() {
        fold = new FoldHarness(directory);
        fold.send(events.primary(5, "vs-2", "vs-3"));
        fold.send(events.replica("vs-2", 5));
        fold.send(events.rebuildWish("vs-3", 5)); // due, there is no head yet
        fold.send(events.ack("vs-2", 5, 10, 40, 10, 100)); // session 1 is issued
    }

    @AfterEach
    void close() {
        fold.close();
    }

    /** An event that the guard refuses. */
    record Case(RejectReason reason, SpecificRecord event) {}

    static Stream<Case> refusedEvents() {
        Events e = new Events("vol-1");
        Events unknown = new Events("vol-9");
        Meta blankNode = e.meta("vs-1", 5);
        blankNode = new Meta(blankNode.getEventId(), "vol-1", "", 5L, blankNode.getOccurredAt(), blankNode.getSource());
        return Stream.of(
                new Case(RejectReason.stale_epoch, e.primary(4, "vs-2")),
                new Case(RejectReason.stale_epoch, e.barrier(4, 10)),
                new Case(RejectReason.conflicting_assignment, e.assignment("vs-1", 5, Role.replica, List.of())),
                new Case(RejectReason.conflicting_assignment, e.assignment("vs-3", 5, Role.primary, List.of())),
                new Case(RejectReason.unknown_volume, unknown.barrier(1, 10)),
                new Case(RejectReason.future_epoch, e.barrier(6, 10)),
                new Case(RejectReason.unknown_replica, e.ack("vs-7", 5, 11, 40, 10, 100)),
                new Case(RejectReason.stale_session, e.progress("vs-2", 5, 7, SessionKind.catchup, 50)),
                new Case(RejectReason.stale_session, e.completed("vs-2", 5, 1, SessionKind.rebuild, 100)),
                new Case(RejectReason.stale_session, e.cancelWish("vs-2", 5, 7)),
                new Case(RejectReason.stale_wish, theSameWish()),
                new Case(RejectReason.stale_sync, e.ack("vs-2", 5, 10, 40, 10, 100)),
                new Case(RejectReason.incomplete_session, e.completed("vs-2", 5, 1, SessionKind.catchup, 99)),
                new Case(RejectReason.invalid_facts, e.ack("vs-2", 5, 11, -1, 10, 100)),
                new Case(RejectReason.invalid_facts, new BarrierConfirmed(blankNode, 10L)),
                new Case(RejectReason.not_primary, notPrimary()));
    }

    private static SpecificRecord theSameWish() {
        Events again = new Events("vol-1");
        again.primary(5, "vs-2", "vs-3");
        again.replica("vs-2", 5);
        return again.rebuildWish("vs-3", 5);
    }

    private static SpecificRecord notPrimary() {
        Events asReplica = new Events("vol-1");
        asReplica.primaryIs("vs-2");
        return asReplica.barrier(5, 10);
    }

    @ParameterizedTest
    @MethodSource("refusedEvents")
    void G1_to_G9_a_refused_event_is_kept_whole_with_its_reason_and_changes_nothing(Case refused) {
        byte[] bytes = fold.codec.encode(Topics.EVENTS, refused.event());
        String key = ((Meta) refused.event().get(0)).getVolumeId();
        Rejected rejected = expectRejected(refused.reason(), key, bytes);
        assertThat(rejected.getKey()).isEqualTo(buffer(key.getBytes(StandardCharsets.UTF_8)));
    }

    @Test
    void every_reason_of_the_guard_has_a_case_here() {
        Set<RejectReason> covered = EnumSet.of(
                RejectReason.unknown,
                RejectReason.undecodable,
                RejectReason.wrong_type,
                RejectReason.null_value,
                RejectReason.key_mismatch,
                RejectReason.too_large);
        refusedEvents().forEach(c -> covered.add(c.reason()));
        assertThat(covered).containsExactlyInAnyOrder(RejectReason.values());
    }

    @Test
    void garbage_is_undecodable() {
        expectRejected(RejectReason.undecodable, "vol-1", "garbage".getBytes(StandardCharsets.UTF_8));
        expectRejected(RejectReason.undecodable, "vol-1", new byte[0]);
        expectRejected(RejectReason.undecodable, "vol-1", new byte[] {0, 0, 0, 99, 99, 1, 2, 3});
        byte[] good = fold.codec.encode(Topics.EVENTS, events.barrier(5, 10));
        expectRejected(RejectReason.undecodable, "vol-1", Arrays.copyOf(good, good.length - 2));
    }

    /** It is not even decoded: what follows from it might fit neither the changelog nor the outputs' topics. */
    @Test
    void more_bytes_than_an_event_may_have_are_too_large_whatever_they_say() {
        AssignmentDelivered assignment = events.primary(
                6,
                IntStream.range(0, 9_000)
                        .mapToObj(i -> "a-replica-with-a-rather-long-name-" + i)
                        .toArray(String[]::new));
        expectRejected(RejectReason.too_large, "vol-1", fold.codec.encode(Topics.EVENTS, assignment));
        Rejected garbage = expectRejected(RejectReason.too_large, "vol-1", new byte[2_000_000]);
        assertThat(garbage.getDetail()).contains("2000000 bytes", String.valueOf(Topics.MAX_EVENT_BYTES));
        expectRejected(RejectReason.undecodable, "vol-1", new byte[Topics.MAX_EVENT_BYTES]);
    }

    @Test
    void a_detail_is_one_short_line_whatever_it_quotes() {
        byte[] bytes = fold.codec.encode(Topics.EVENTS, events.barrier(5, 10));
        Rejected rejected = expectRejected(RejectReason.key_mismatch, "line\n".repeat(800), bytes);
        assertThat(rejected.getDetail()).startsWith("the key is 'line?line?").hasSizeLessThan(600);
    }

    @Test
    void a_word_of_a_later_version_is_undecodable() {
        Rejected rejected = expectRejected(
                RejectReason.undecodable,
                "vol-1",
                fold.codec.encode(Topics.EVENTS, events.assignment("vs-1", 6, Role.unknown, List.of())));
        assertThat(rejected.getDetail()).contains("role");
    }

    @Test
    void a_record_that_is_no_event_has_the_wrong_type() {
        Rejected rejected = expectRejected(
                RejectReason.wrong_type,
                "vol-1",
                fold.codec.encode(Topics.EVENTS, new StartReceiver(events.meta("vs-2", 5), 1)));
        assertThat(rejected.getDetail()).contains("StartReceiver");
    }

    @Test
    void a_tombstone_has_no_value() {
        Rejected rejected = expectRejected(RejectReason.null_value, "vol-1", null);
        assertThat(rejected.getValue()).isNull();
    }

    @Test
    void a_key_that_is_not_the_events_volume_is_a_mismatch() {
        byte[] bytes = fold.codec.encode(Topics.EVENTS, events.barrier(5, 10));
        expectRejected(RejectReason.key_mismatch, "vol-2", bytes);
        Rejected keyless = expectRejected(RejectReason.key_mismatch, null, bytes);
        assertThat(keyless.getKey()).isNull();
    }

    @Test
    void ids_that_cannot_be_names_are_invalid_facts() {
        Events slashed = new Events("vol/1");
        AssignmentDelivered assignment = slashed.primary(1, "vs-2");
        expectRejected(RejectReason.invalid_facts, "vol/1", fold.codec.encode(Topics.EVENTS, assignment));
        AssignmentDelivered replica = events.primary(6, "vs 2");
        expectRejected(RejectReason.invalid_facts, "vol-1", fold.codec.encode(Topics.EVENTS, replica));
    }

    @Test
    void a_rejected_record_keeps_its_place_time_and_headers() {
        Out out = fold.send(
                        "vol-1",
                        new byte[] {1, 2, 3},
                        new RecordHeader("a", new byte[] {9}),
                        new RecordHeader("b", null))
                .get(0);
        Rejected rejected = out.as(Rejected.class);
        assertThat(rejected.getTopic()).isEqualTo(Topics.EVENTS);
        assertThat(rejected.getPartition()).isZero();
        assertThat(rejected.getOffset()).isEqualTo(4);
        assertThat(rejected.getTimestamp()).isEqualTo(Instant.ofEpochMilli(1_700_000_000_000L));
        assertThat(rejected.getHeaders())
                .containsExactly(
                        new io.keepup.v1.RecordHeader("a", ByteBuffer.wrap(new byte[] {9})),
                        new io.keepup.v1.RecordHeader("b", null));
        assertThat(out.headers())
                .containsEntry(CloudEventHeaders.ID, "rejected/%s/0/4".formatted(Topics.EVENTS))
                .containsEntry(CloudEventHeaders.CAUSE_OFFSET, "4");
    }

    /** Refused with that reason, nothing else changed, and the next event is folded. */
    private Rejected expectRejected(RejectReason reason, String key, byte[] value) {
        byte[] before = fold.stored("vol-1");
        long refused = fold.metrics.rejected();
        List<Out> outs = fold.send(key, value);
        assertThat(outs).extracting(Out::topic).containsExactly(Topics.REJECTED);
        Rejected rejected = outs.get(0).as(Rejected.class);
        assertThat(rejected.getReason()).as(rejected.getDetail()).isEqualTo(reason);
        assertThat(rejected.getDetail()).isNotBlank().doesNotContain("\n");
        assertThat(rejected.getValue()).isEqualTo(value == null ? null : buffer(kept(value)));
        assertThat(fold.stored("vol-1")).isEqualTo(before);
        assertThat(fold.stored("vol-9")).isNull();
        assertThat(fold.metrics.rejected()).isEqualTo(refused + 1);
        long folded = fold.metrics.folded();
        fold.send(events.barrier(5, 10 + folded));
        assertThat(fold.metrics.folded()).as("the fold goes on").isEqualTo(folded + 1);
        return rejected;
    }

    private static byte[] kept(byte[] value) {
        return value.length <= Topics.MAX_EVENT_BYTES ? value : Arrays.copyOf(value, RecordBounds.KEPT_VALUE);
    }

    private static ByteBuffer buffer(byte[] bytes) {
        return ByteBuffer.wrap(bytes);
    }
}
