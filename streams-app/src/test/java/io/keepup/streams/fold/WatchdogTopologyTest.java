package io.keepup.streams.fold;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.keepup.engine.Policy;
import io.keepup.schemas.codec.CloudEventHeaders;
import io.keepup.schemas.topic.Topics;
import io.keepup.streams.Events;
import io.keepup.streams.fold.FoldHarness.Out;
import io.keepup.streams.watchdog.WatchdogSettings;
import io.keepup.v1.CancelSession;
import io.keepup.v1.FailureReason;
import io.keepup.v1.Mode;
import io.keepup.v1.PrimarySilent;
import io.keepup.v1.RejectReason;
import io.keepup.v1.Rejected;
import io.keepup.v1.SessionFailed;
import io.keepup.v1.SessionKind;
import io.keepup.v1.VolumeProjection;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.apache.avro.specific.SpecificRecord;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The watchdog inside the topology: its verdicts are events on the log, and follow from nothing but the clock. */
class WatchdogTopologyTest {

    private static final Duration SECOND = Duration.ofSeconds(1);
    private static final Duration STALL_LIMIT = Duration.ofSeconds(30);
    private static final Duration SILENCE_LIMIT = WatchdogSettings.DEFAULT.silenceLimit();

    /** Misses no primary, so that what is said of sessions stands alone. */
    private static final WatchdogSettings OF_SESSIONS =
            new WatchdogSettings(SECOND, STALL_LIMIT, Duration.ofMinutes(15), Duration.ofDays(365));

    /** A session may go 10 s without getting nearer to its end, which is less than the stall limit. */
    private static final WatchdogSettings HASTY =
            new WatchdogSettings(SECOND, STALL_LIMIT, Duration.ofSeconds(10), Duration.ofDays(365));

    @TempDir
    Path directory;

    private final Events events = new Events("vol-1");
    private FoldHarness fold;

    @BeforeEach
    void open() {
        fold = new FoldHarness(directory.resolve("first"), Policy.safe(), OF_SESSIONS);
    }

    @AfterEach
    void close() {
        fold.close();
    }

    private void issueCatchUp() {
        fold.send(events.primary(5, "vs-2"));
        fold.send(events.primaryReady(5));
        fold.send(events.ack("vs-2", 5, 1, 40, 10, 100));
    }

    @Test
    void S_R8_a_replica_that_goes_silent_loses_its_session_and_everybody_hears_of_it() {
        issueCatchUp();
        assertThat(fold.pass(STALL_LIMIT)).isEmpty();

        List<Out> outs = fold.pass(SECOND);

        Out said = on(Topics.EVENTS, outs).get(0);
        SessionFailed failed = said.as(SessionFailed.class);
        assertThat(said.key()).isEqualTo("vol-1");
        assertThat(failed.getReason()).isEqualTo(FailureReason.progress_stalled);
        assertThat(failed.getReplicaId()).isEqualTo("vs-2");
        assertThat(failed.getSessionId()).isEqualTo(1);
        assertThat(failed.getKind()).isEqualTo(SessionKind.catchup);
        assertThat(failed.getMeta().getSource()).isEqualTo("watchdog");
        assertThat(failed.getMeta().getEpoch()).isEqualTo(5);
        assertThat(failed.getMeta().getOccurredAt())
                .isEqualTo(FoldHarness.START.plus(STALL_LIMIT).plus(SECOND));
        assertThat(said.headers())
                .containsEntry(CloudEventHeaders.ID, "watchdog/vol-1/1/progress_stalled/0")
                .containsEntry(CloudEventHeaders.SOURCE, "/keepup/watchdog")
                .containsEntry(CloudEventHeaders.TYPE, "io.keepup.v1.SessionFailed");
        assertThat(on(Topics.COMMANDS_SESSION, outs)).extracting(Out::key).containsExactly("vs-2", "vs-1");
        assertThat(on(Topics.COMMANDS_SESSION, outs))
                .extracting(o -> o.as(CancelSession.class).getReason())
                .containsOnly(FailureReason.progress_stalled);
        VolumeProjection shown = on(Topics.PROJECTIONS, outs).get(0).as(VolumeProjection.class);
        assertThat(shown.getMode()).isEqualTo(Mode.degraded);
        assertThat(shown.getReason()).isEqualTo("progress_stalled");
        assertThat(fold.pass(Duration.ofHours(1)))
                .as("one terminal event a session")
                .isEmpty();
    }

    @Test
    void C4_a_session_that_gets_on_is_left_alone_however_long_it_takes_and_bytes_alone_do_not_count() {
        fold.close();
        fold = new FoldHarness(directory.resolve("hasty"), Policy.safe(), HASTY);
        issueCatchUp();
        for (int second = 1; second <= 60; second++) {
            assertThat(fold.pass(SECOND)).as("second %d", second).isEmpty();
            fold.send(events.progress("vs-2", 5, 1, SessionKind.catchup, 40 + second));
        }
        for (int second = 1; second <= 10; second++) {
            assertThat(fold.pass(SECOND)).as("second %d of bytes", second).isEmpty();
            fold.send(events.progress("vs-2", 5, 1, SessionKind.catchup, 100, 1_000_000 + second, null));
        }

        List<Out> outs = fold.pass(SECOND);

        assertThat(on(Topics.EVENTS, outs))
                .extracting(o -> o.as(SessionFailed.class).getReason())
                .containsExactly(FailureReason.deadline_exceeded);
        assertThat(on(Topics.COMMANDS_SESSION, outs)).hasSize(2);
    }

    @Test
    void S_F14_nobody_is_missed_for_as_long_as_nobody_looked() {
        fold.close();
        fold = new FoldHarness(directory.resolve("gap"));
        issueCatchUp();
        fold.pass(Duration.ofSeconds(5));

        assertThat(fold.leap(Duration.ofHours(1))).isEmpty();
        assertThat(on(Topics.EVENTS, fold.pass(Duration.ofSeconds(8)))).isEmpty();
        assertThat(on(Topics.EVENTS, fold.pass(STALL_LIMIT)))
                .extracting(o -> o.value().getSchema().getName())
                .containsExactlyInAnyOrder("PrimarySilent", "SessionFailed");
    }

    @Test
    void S_F14_what_the_wall_clock_shows_is_told_and_measures_nothing() {
        issueCatchUp();
        fold.pass(Duration.ofSeconds(10));
        fold.stepClock(Duration.ofHours(1));
        assertThat(fold.pass(Duration.ofSeconds(20))).isEmpty();

        SessionFailed failed = on(Topics.EVENTS, fold.pass(SECOND)).get(0).as(SessionFailed.class);

        assertThat(failed.getMeta().getOccurredAt())
                .isEqualTo(FoldHarness.START.plus(STALL_LIMIT).plus(SECOND).plus(Duration.ofHours(1)));
        assertThat(failed.getDurationMs()).isEqualTo(31_000);
        assertThat(failed.getSeen()).isZero();
    }

    @Test
    void S_F14_a_clock_that_is_put_back_ends_the_stream_thread_whose_clients_measure_by_it() {
        fold.pass(SECOND);
        fold.stepClock(Duration.ofSeconds(-1));
        fold.pass(SECOND);
        fold.stepClock(Duration.ofHours(-1));

        assertThatThrownBy(() -> fold.pass(SECOND))
                .hasRootCauseInstanceOf(ClockSetBackException.class)
                .rootCause()
                .hasMessageContaining("3600000 ms");
    }

    @Test
    void S_F14_an_alarm_that_a_report_overtakes_is_refused_and_the_session_watched_on() {
        issueCatchUp();
        Out alarm = on(Topics.EVENTS, fold.pass(STALL_LIMIT.plus(SECOND))).get(0);
        try (FoldHarness other = new FoldHarness(directory.resolve("other"), Policy.safe(), OF_SESSIONS)) {
            Events again = new Events("vol-1");
            other.send(again.primary(5, "vs-2"));
            other.send(again.primaryReady(5));
            other.send(again.ack("vs-2", 5, 1, 40, 10, 100));
            other.send(again.progress("vs-2", 5, 1, SessionKind.catchup, 50));

            assertThat(other.send(alarm.value()))
                    .singleElement()
                    .satisfies(o -> assertThat(o.as(Rejected.class).getReason()).isEqualTo(RejectReason.stale_session));
            assertThat(on(Topics.EVENTS, other.pass(STALL_LIMIT.plus(SECOND)))).hasSize(1);
        }
    }

    @Test
    void P7_a_second_verdict_on_the_same_session_is_refused() {
        issueCatchUp();
        Out verdict = on(Topics.EVENTS, fold.pass(STALL_LIMIT.plus(SECOND))).get(0);

        List<Out> again = fold.send("vol-1", verdict.bytes());

        assertThat(again)
                .singleElement()
                .satisfies(o -> assertThat(o.as(Rejected.class).getReason()).isEqualTo(RejectReason.stale_session));
    }

    @Test
    void C4_volumes_without_a_live_session_are_left_alone_for_ever() {
        issueCatchUp();
        fold.send(events.completed("vs-2", 5, 1, SessionKind.catchup, 100));

        assertThat(fold.pass(Duration.ofHours(2))).isEmpty();
    }

    @Test
    void a_healthy_volume_whose_primary_dies_is_degraded_until_it_is_heard_again() {
        fold.close();
        fold = new FoldHarness(directory.resolve("silence"));
        fold.send(events.primary(5, "vs-2"));
        fold.send(events.primaryReady(5));
        List<Out> healthy = fold.send(events.ack("vs-2", 5, 1, 100, 10, 100));
        assertThat(shown(healthy).getMode()).isEqualTo(Mode.publish_healthy);
        for (int i = 2; i <= 10; i++) {
            assertThat(fold.pass(Duration.ofSeconds(5))).isEmpty();
            assertThat(fold.send(events.ack("vs-2", 5, i, 100, 10, 100)))
                    .as("nothing new")
                    .isEmpty();
        }
        assertThat(fold.pass(SILENCE_LIMIT)).isEmpty();

        List<Out> outs = fold.pass(SECOND);

        Out said = on(Topics.EVENTS, outs).get(0);
        PrimarySilent missed = said.as(PrimarySilent.class);
        assertThat(said.key()).isEqualTo("vol-1");
        assertThat(missed.getMeta().getNodeId()).isEqualTo("vs-1");
        assertThat(missed.getMeta().getSource()).isEqualTo("watchdog");
        assertThat(missed.getSyncId()).isEqualTo(10);
        assertThat(said.headers())
                .containsEntry(CloudEventHeaders.ID, "watchdog/vol-1/5/primary_silent/10")
                .containsEntry(CloudEventHeaders.TYPE, "io.keepup.v1.PrimarySilent");
        assertThat(shown(outs).getMode()).isEqualTo(Mode.degraded);
        assertThat(shown(outs).getReason()).isEqualTo("primary_silent");
        assertThat(shown(outs).getHealthy()).isFalse();
        assertThat(on(Topics.COMMANDS_SESSION, outs)).isEmpty();
        assertThat(fold.pass(Duration.ofHours(1))).as("missed once").isEmpty();

        List<Out> back = fold.send(events.ack("vs-2", 5, 11, 100, 10, 100));
        assertThat(shown(back).getMode()).isEqualTo(Mode.publish_healthy);
        assertThat(fold.send("vol-1", said.bytes()))
                .as("told again, too late")
                .singleElement()
                .satisfies(o -> assertThat(o.as(Rejected.class).getReason()).isEqualTo(RejectReason.stale_sync));
        assertThat(fold.pass(SILENCE_LIMIT)).isEmpty();
        assertThat(shown(fold.pass(SECOND)).getReason()).isEqualTo("primary_silent");
    }

    private static VolumeProjection shown(List<Out> outs) {
        List<Out> projections = on(Topics.PROJECTIONS, outs);
        return projections.get(projections.size() - 1).as(VolumeProjection.class);
    }

    @Test
    void C4_the_next_session_after_a_stall_is_watched_as_well() {
        issueCatchUp();
        fold.pass(STALL_LIMIT.plus(SECOND));
        fold.send(events.ack("vs-2", 5, 2, 40, 10, 100));

        assertThat(on(Topics.EVENTS, fold.pass(STALL_LIMIT.plus(SECOND))))
                .extracting(o -> o.as(SessionFailed.class).getSessionId())
                .containsExactly(2L);
    }

    @Test
    void invariant_1_a_replay_of_the_log_needs_no_clock() {
        List<SpecificRecord> log = new ArrayList<>();
        List<Out> first = new ArrayList<>();
        Events second = new Events("vol-2");
        for (SpecificRecord event : List.of(
                events.primary(5, "vs-2"),
                second.primary(1, "vs-2", "vs-3"),
                events.ack("vs-2", 5, 1, 40, 10, 100),
                second.ack("vs-3", 1, 1, 5, 10, 100),
                events.ack("vs-2", 5, 2, 5, 10, 100),
                events.ack("vs-2", 5, 3, 100, 10, 100))) {
            log.add(event);
            first.addAll(fold.send(event));
            List<Out> passed = fold.pass(Duration.ofSeconds(20));
            on(Topics.EVENTS, passed).forEach(o -> log.add(o.value()));
            first.addAll(passed.stream()
                    .filter(o -> !o.topic().equals(Topics.EVENTS))
                    .toList());
        }
        assertThat(log).filteredOn(SessionFailed.class::isInstance).hasSizeGreaterThan(2);

        List<Out> again = new ArrayList<>();
        try (FoldHarness replay = new FoldHarness(directory.resolve("replay"))) {
            log.forEach(event -> again.addAll(replay.send(event)));
            assertThat(replay.stored("vol-1")).isEqualTo(fold.stored("vol-1"));
            assertThat(replay.stored("vol-2")).isEqualTo(fold.stored("vol-2"));
        }
        assertThat(again)
                .extracting(Out::value)
                .containsExactlyInAnyOrderElementsOf(
                        first.stream().map(Out::value).toList());
    }

    private static List<Out> on(String topic, List<Out> outs) {
        return outs.stream().filter(o -> o.topic().equals(topic)).toList();
    }
}
