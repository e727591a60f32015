package io.keepup.node.replica;

import static org.assertj.core.api.Assertions.assertThat;

import io.keepup.node.event.NodeEvents.Position;
import io.keepup.v1.SessionPhase;
import org.junit.jupiter.api.Test;

class LastMinuteTest {

    private final LastMinute lastMinute = new LastMinute();

    private static Position at(SessionPhase phase, long lsn, long blocks, long total, long baseBytes, long walBytes) {
        return new Position(phase, lsn, lsn, blocks, total, baseBytes, walBytes);
    }

    private static Position running(long lsn, long blocks, long bytes) {
        return at(SessionPhase.running, lsn, blocks, 1_000, bytes, 0);
    }

    @Test
    void at_first_there_is_no_telling() {
        lastMinute.add(0, running(0, 0, 0));
        assertThat(lastMinute.bytesPerSecond()).isZero();
        assertThat(lastMinute.secondsLeft(100)).isNull();
        lastMinute.add(100, running(90, 500, 4_096));
        assertThat(lastMinute.secondsLeft(100))
                .as("a tenth of a second tells nothing")
                .isNull();
    }

    @Test
    void the_slower_of_base_and_WAL_is_what_is_waited_for() {
        lastMinute.add(0, running(0, 0, 0));
        lastMinute.add(10_000, running(50, 100, 10_000_000));
        assertThat(lastMinute.bytesPerSecond()).isEqualTo(1_000_000);
        assertThat(lastMinute.secondsLeft(60)).as("900 blocks at 10 a second").isEqualTo(90);
        assertThat(lastMinute.secondsLeft(1_050))
                .as("1,000 entries at 5 a second")
                .isEqualTo(200);
    }

    @Test
    void both_lanes_count_for_the_rate() {
        lastMinute.add(0, at(SessionPhase.running, 1, 0, 10, 1_000, 500));
        lastMinute.add(1_000, at(SessionPhase.running, 2, 1, 10, 3_000, 1_000));
        assertThat(lastMinute.bytesPerSecond()).isEqualTo(2_500);
    }

    @Test
    void what_is_done_takes_no_time_and_what_stands_still_no_known_time() {
        lastMinute.add(0, running(100, 1_000, 0));
        lastMinute.add(1_000, running(100, 1_000, 10));
        assertThat(lastMinute.secondsLeft(100)).isZero();
        assertThat(lastMinute.secondsLeft(90)).as("past the goal").isZero();
        assertThat(lastMinute.secondsLeft(101)).isNull();
    }

    @Test
    void only_the_last_minute_counts() {
        for (int second = 0; second <= 120; second++) {
            lastMinute.add(second * 1_000L, running(0, second < 60 ? 0 : second - 60, second < 60 ? 0 : second * 10L));
        }
        assertThat(lastMinute.secondsLeft(0)).as("940 blocks at one a second").isEqualTo(940);
    }

    @Test
    void the_step_from_nothing_to_the_base_of_the_session_is_no_pace() {
        lastMinute.add(0, at(SessionPhase.accepted, 0, 0, 1_000, 0, 0));
        lastMinute.add(30_000, at(SessionPhase.running, 1_000_000, 0, 1_000, 0, 0));
        assertThat(lastMinute.secondsLeft(1_000_100)).isNull();
        lastMinute.add(31_000, at(SessionPhase.running, 1_000_010, 100, 1_000, 0, 0));
        assertThat(lastMinute.secondsLeft(1_000_100)).isEqualTo(9);
    }
}
