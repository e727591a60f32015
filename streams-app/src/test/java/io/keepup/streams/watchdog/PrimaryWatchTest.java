package io.keepup.streams.watchdog;

import static org.assertj.core.api.Assertions.assertThat;

import io.keepup.engine.Fold;
import io.keepup.engine.Policy;
import io.keepup.engine.Step;
import io.keepup.engine.state.VolumeState;
import io.keepup.streams.Events;
import io.keepup.streams.RandomHistory;
import io.keepup.streams.watchdog.PrimaryWatch.Silence;
import io.keepup.v1.Role;
import io.keepup.v1.SessionKind;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.avro.specific.SpecificRecord;
import org.junit.jupiter.api.Test;

/** A primary is missed after 15 s. */
class PrimaryWatchTest {

    private static final long NOW = 1_700_000_000_000L;

    private final PrimaryWatch watch = new PrimaryWatch(WatchdogSettings.DEFAULT);
    private final Fold fold = new Fold(Policy.safe());
    private final Map<String, VolumeState> states = new HashMap<>();
    private final Events events = new Events("vol-1");

    /** Folds the event and shows the state to the watch, so many seconds after the first event. */
    private void tell(long second, SpecificRecord event) {
        var engineEvent = RandomHistory.event(event);
        String volumeId = engineEvent.meta().volumeId();
        VolumeState before = states.getOrDefault(volumeId, VolumeState.initial(volumeId));
        VolumeState after = ((Step) fold.apply(before, engineEvent)).state();
        states.put(volumeId, after);
        watch.see(after, second * 1000);
    }

    private List<Silence> at(long second) {
        return watch.overdue(second * 1000, NOW + second * 1000);
    }

    private void begin(Events of) {
        tell(0, of.primary(7, "vs-2"));
        tell(0, of.primaryReady(7));
    }

    @Test
    void a_primary_not_heard_for_longer_than_the_limit_is_missed_once() {
        begin(events);
        tell(10, events.ack("vs-2", 7, 41, 100, 10, 100));
        assertThat(at(25)).as("15 s are not longer than 15 s").isEmpty();

        assertThat(at(26)).singleElement().satisfies(silence -> {
            assertThat(silence.event().meta().eventId()).isEqualTo("watchdog/vol-1/7/primary_silent/41");
            assertThat(silence.event().meta().nodeId()).isEqualTo("vs-1");
            assertThat(silence.event().meta().epoch()).isEqualTo(7);
            assertThat(silence.event().meta().source()).isEqualTo("watchdog");
            assertThat(silence.event().meta().occurredAt()).isEqualTo(NOW + 26_000);
            assertThat(silence.event().syncId()).isEqualTo(41);
            assertThat(silence.since()).isEqualTo(NOW + 10_000);
        });
        assertThat(at(1_000)).as("its event is on its way").isEmpty();
        tell(1_001, events.silence(7, 41));
        assertThat(at(2_000)).as("it is known").isEmpty();

        // heard again, it can be missed again
        tell(2_001, events.ack("vs-2", 7, 42, 100, 10, 100));
        assertThat(at(2_016)).isEmpty();
        assertThat(at(2_017)).extracting(s -> s.event().syncId()).containsExactly(42L);
    }

    @Test
    void a_primary_that_says_the_same_again_is_there() {
        begin(events);
        for (int second = 5; second <= 100; second += 5) {
            tell(second, events.ack("vs-2", 7, second, 100, 10, 100));
            assertThat(at(second)).isEmpty();
        }
        assertThat(at(115)).isEmpty();
        assertThat(at(116)).hasSize(1);
    }

    @Test
    void what_replicas_say_shows_nothing_of_the_primary() {
        begin(events);
        tell(1, events.ack("vs-2", 7, 1, 40, 10, 100));
        for (int second = 2; second <= 16; second++) {
            tell(second, events.progress("vs-2", 7, 1, SessionKind.catchup, 40 + second));
        }
        assertThat(at(17)).hasSize(1);
    }

    @Test
    void nobody_is_missed_who_has_not_begun_or_has_nobody_to_ask() {
        tell(0, events.primary(7, "vs-2")); // not connected yet
        Events alone = new Events("vol-2");
        tell(0, alone.primary(7));
        tell(0, alone.primaryReady(7));
        Events replica = new Events("vol-3");
        tell(0, replica.replica("vs-2", 7));
        assertThat(watch.watched()).isZero();
        assertThat(at(1_000_000)).isEmpty();
    }

    @Test
    void who_is_no_longer_primary_is_no_longer_missed_and_its_successor_has_its_own_time() {
        begin(events);
        tell(10, events.assignment("vs-1", 8, Role.replica, List.of()));
        assertThat(watch.watched()).isZero();
        events.primaryIs("vs-2");
        tell(11, events.primary(8, "vs-1"));
        assertThat(at(100)).as("it has not begun").isEmpty();
        tell(101, events.primaryReady(8));
        assertThat(at(116)).isEmpty();
        assertThat(at(117)).extracting(s -> s.event().meta().nodeId()).containsExactly("vs-2");
    }

    @Test
    void of_many_only_the_silent_are_told_and_cost_time() {
        for (int i = 1; i <= 1_000; i++) {
            begin(new Events("vol-" + i));
        }
        for (int i = 1; i <= 1_000; i++) {
            if (i != 500 && i != 700) {
                tell(10, new Events("vol-" + i).ack("vs-2", 7, 1, 100, 10, 100));
            }
        }
        assertThat(at(16)).extracting(s -> s.event().meta().volumeId()).containsExactly("vol-500", "vol-700");
        assertThat(at(25)).isEmpty();
        assertThat(at(26)).hasSize(998);
    }
}
