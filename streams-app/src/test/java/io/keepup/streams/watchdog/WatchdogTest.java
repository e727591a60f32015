package io.keepup.streams.watchdog;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.keepup.engine.Fold;
import io.keepup.engine.Policy;
import io.keepup.engine.Step;
import io.keepup.engine.state.VolumeState;
import io.keepup.engine.word.FailureReason;
import io.keepup.streams.Events;
import io.keepup.streams.RandomHistory;
import io.keepup.v1.SessionKind;
import io.keepup.v1.SessionPace;
import io.keepup.v1.WaitingFor;
import java.time.Duration;
import org.apache.avro.specific.SpecificRecord;
import org.junit.jupiter.api.Test;

/** [C4] Stall limit 30 s; budget 100 s. */
class WatchdogTest {

    private static final long NOW = 1_700_000_000_000L;
    private static final Duration SECOND = Duration.ofSeconds(1);

    private final Watchdog watchdog = new Watchdog(
            new WatchdogSettings(SECOND, Duration.ofSeconds(30), Duration.ofSeconds(100), Duration.ofSeconds(15)));
    private final Fold fold = new Fold(Policy.safe());
    private final Events events = new Events("vol-1");
    private VolumeState state = VolumeState.initial("vol-1");

    /** Folds the event and shows the state to the watchdog, so many seconds after the first event. */
    private void tell(long second, SpecificRecord event) {
        state = ((Step) fold.apply(state, RandomHistory.event(event))).state();
        watchdog.see(state, second * 1000);
    }

    private java.util.List<Watchdog.Alarm> at(long second) {
        return watchdog.overdue(second * 1000, NOW + second * 1000);
    }

    private void issueCatchUp() {
        tell(0, events.primary(7, "vs-2", "vs-3"));
        tell(0, events.ack("vs-2", 7, 1, 40, 10, 100));
    }

    @Test
    void C4_no_progress_for_longer_than_the_limit_is_a_stall_told_once() {
        issueCatchUp();
        tell(20, events.progress("vs-2", 7, 1, SessionKind.catchup, 50));
        assertThat(at(50)).as("30 s are not longer than 30 s").isEmpty();

        assertThat(at(51)).singleElement().satisfies(alarm -> {
            assertThat(alarm.event().reason()).isEqualTo(FailureReason.PROGRESS_STALLED);
            assertThat(alarm.event().replicaId()).isEqualTo("vs-2");
            assertThat(alarm.event().sessionId()).isEqualTo(1);
            assertThat(alarm.event().meta().eventId()).isEqualTo("watchdog/vol-1/1/progress_stalled/1");
            assertThat(alarm.event().meta().nodeId()).isEqualTo("vs-1");
            assertThat(alarm.event().meta().epoch()).isEqualTo(7);
            assertThat(alarm.event().meta().source()).isEqualTo("watchdog");
            assertThat(alarm.event().meta().occurredAt()).isEqualTo(NOW + 51_000);
            assertThat(alarm.event().seen()).isEqualTo(1);
            assertThat(alarm.detail()).contains("31000 ms", "30000 ms");
            assertThat(alarm.durationMs()).isEqualTo(51_000);
        });
        assertThat(at(52)).as("its event is on its way").isEmpty();
        tell(53, events.progress("vs-2", 7, 1, SessionKind.catchup, 60));
        assertThat(at(83)).as("it went on meanwhile, so its alarm is refused").isEmpty();
        assertThat(at(84)).extracting(a -> a.event().seen()).containsExactly(2L);
    }

    @Test
    void S_F14_a_session_that_gets_on_does_not_die_of_its_age() {
        issueCatchUp();
        for (int second = 10; second <= 36_000; second += 10) {
            tell(second, events.progress("vs-2", 7, 1, SessionKind.catchup, 40 + second / 10));
            assertThat(at(second)).isEmpty();
        }
    }

    @Test
    void C4_one_that_receives_and_gets_no_nearer_to_its_end_is_over_after_its_budget() {
        issueCatchUp();
        tell(20, events.progress("vs-2", 7, 1, SessionKind.catchup, 50));
        for (int second = 30; second <= 130; second += 10) {
            tell(second, events.progress("vs-2", 7, 1, SessionKind.catchup, 50, 1_000_000 + second, null));
            assertThat(at(Math.min(120, second))).isEmpty();
        }

        assertThat(at(130)).singleElement().satisfies(alarm -> {
            assertThat(alarm.event().reason()).isEqualTo(FailureReason.DEADLINE_EXCEEDED);
            assertThat(alarm.event().meta().eventId()).isEqualTo("watchdog/vol-1/1/deadline_exceeded/1");
            assertThat(alarm.event().seen()).as("steps").isEqualTo(1);
            assertThat(alarm.detail()).contains("110000 ms", "100000 ms");
        });
    }

    @Test
    void C4_the_clock_of_a_replica_makes_no_stall() {
        issueCatchUp();
        Events slow = new Events("vol-1", java.time.Instant.ofEpochMilli(NOW - 3_600_000));
        tell(25, slow.progress("vs-2", 7, 1, SessionKind.catchup, 50)); // an hour ago, by its own clock
        assertThat(at(26)).isEmpty();
        assertThat(at(56)).hasSize(1);
    }

    @Test
    void S_R8_a_report_without_progress_is_no_progress() {
        issueCatchUp();
        tell(1, events.progress("vs-2", 7, 1, SessionKind.catchup, 50));
        for (int second = 2; second <= 31; second++) {
            tell(second, events.progress("vs-2", 7, 1, SessionKind.catchup, 50));
        }

        assertThat(at(32)).hasSize(1);
    }

    @Test
    void C4_a_session_that_says_it_waits_has_not_stalled_and_spends_nothing() {
        issueCatchUp();
        SessionPace waiting = new SessionPace(WaitingFor.rebuild_slot, 0L, 0L, 0L, null);
        for (int second = 5; second <= 1_000; second += 5) {
            tell(second, events.progress("vs-2", 7, 1, SessionKind.catchup, 0, waiting));
            assertThat(at(second)).isEmpty();
        }
    }

    @Test
    void S_R8_a_session_that_waits_and_falls_silent_has_stalled() {
        issueCatchUp();
        tell(
                5,
                events.progress(
                        "vs-2",
                        7,
                        1,
                        SessionKind.catchup,
                        0,
                        new SessionPace(WaitingFor.rebuild_slot, 0L, 0L, 0L, null)));
        assertThat(at(35)).isEmpty();
        assertThat(at(36)).extracting(a -> a.event().reason()).containsExactly(FailureReason.PROGRESS_STALLED);
    }

    @Test
    void a_session_that_ends_is_forgotten_and_the_next_one_has_its_own_time() {
        issueCatchUp();
        tell(5, events.ack("vs-3", 7, 2, 5, 10, 100));
        assertThat(watchdog.watched()).isEqualTo(2);

        tell(20, events.completed("vs-2", 7, 1, SessionKind.catchup, 100));
        tell(25, events.ack("vs-2", 7, 3, 100, 90, 200));
        assertThat(at(40)).extracting(a -> a.event().sessionId()).containsExactly(2L);
        assertThat(at(54)).isEmpty();
        assertThat(at(56)).extracting(a -> a.event().sessionId()).containsExactly(3L);

        tell(60, events.primary(8, "vs-2"));
        assertThat(watchdog.watched()).as("another epoch, no session").isZero();
    }

    @Test
    void volumes_without_a_live_session_leave_no_trace() {
        for (int i = 0; i < 1_000; i++) {
            Events idle = new Events("vol-" + i);
            state = VolumeState.initial("vol-" + i);
            tell(0, idle.primary(1, "vs-2"));
            tell(0, idle.ack("vs-2", 1, 1, 100, 10, 100));
        }
        assertThat(watchdog.watched()).isZero();
        assertThat(at(1_000_000)).isEmpty();
    }

    @Test
    void S_F14_a_gap_between_two_looks_counts_as_two_intervals() {
        WatchTime time = new WatchTime(SECOND, 5_000);
        assertThat(time.at(5_300)).isEqualTo(300);
        assertThat(time.look(6_000)).isEqualTo(1_000);
        assertThat(time.at(3_606_000)).isEqualTo(3_000);
        assertThat(time.look(3_606_000)).isEqualTo(3_000);
        assertThat(time.look(6_000)).as("a clock that goes back").isEqualTo(3_000);
        assertThat(time.look(7_000)).isEqualTo(4_000);
    }

    @Test
    void times_must_be_positive() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new WatchdogSettings(Duration.ZERO, SECOND, SECOND, SECOND));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new WatchdogSettings(SECOND, Duration.ofSeconds(-1), SECOND, SECOND));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new WatchdogSettings(SECOND, SECOND, Duration.ZERO, SECOND));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new WatchdogSettings(SECOND, SECOND, SECOND, Duration.ZERO));
    }
}
