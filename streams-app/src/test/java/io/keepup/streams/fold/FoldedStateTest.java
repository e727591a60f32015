package io.keepup.streams.fold;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.keepup.engine.state.VolumeState;
import io.keepup.streams.state.FoldedMark;
import io.keepup.streams.state.StateCodec;
import io.keepup.streams.state.StateException;
import java.util.OptionalLong;
import java.util.function.Predicate;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.processor.api.MockProcessorContext;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.Stores;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What a task makes of its stores, with a log that has an event at each offset before the committed one. */
class FoldedStateTest {

    private static final byte[] VOL_1 = new StateCodec().encode(VolumeState.initial("vol-1"));
    private static final byte[] VOL_2 = new StateCodec().encode(VolumeState.initial("vol-2"));

    private final KeyValueStore<String, byte[]> volumes = store("volumes");
    private final KeyValueStore<String, byte[]> marks = store("folded");
    private long committed;
    private long end = 20;

    private static KeyValueStore<String, byte[]> store(String name) {
        KeyValueStore<String, byte[]> store = Stores.keyValueStoreBuilder(
                        Stores.inMemoryKeyValueStore(name), Serdes.String(), Serdes.ByteArray())
                .withLoggingDisabled()
                .withCachingDisabled()
                .build();
        MockProcessorContext<Void, Void> context = new MockProcessorContext<>();
        store.init(context.getStateStoreContext(), store);
        return store;
    }

    @BeforeEach
    void seven_events_led_to_one_volume() {
        volumes.put("vol-1", VOL_1);
        marks.put(FoldedMark.KEY, new FoldedMark(7, 1, FoldedMark.digest(VOL_1)).encode());
        committed = 7;
    }

    private FoldedState open() {
        return FoldedState.open(volumes, marks, 0, new StateRecovery(Log::new, false), (event, known) -> null);
    }

    private void assertLost(String how) {
        assertThatThrownBy(this::open).isInstanceOf(StateException.class).hasMessageContaining(how);
    }

    @Test
    void the_event_at_the_mark_is_next() {
        assertThat(open().expects(6)).isFalse();
        assertThat(open().expects(7)).isTrue();
    }

    @Test
    void S_F5_volumes_that_are_gone_or_older_than_the_mark_are_lost() {
        volumes.put("vol-1", VOL_2);
        assertLost("it does not hold the 1 volumes it held last");

        volumes.delete("vol-1");
        assertLost("it does not hold the 1 volumes it held last");
        committed = 9;
        assertLost("it does not hold the 1 volumes it held last");

        marks.delete(FoldedMark.KEY);
        assertLost("it is empty, though events up to offset 9");
    }

    @Test
    void S_F5_a_changelog_that_is_older_than_what_was_folded_is_lost_state() {
        committed = 9;
        assertLost("it ends at offset 7, and events up to 9 have been folded");
    }

    @Test
    void S_F5_an_events_topic_that_is_shorter_than_what_was_folded_is_not_folded_on() {
        end = 3;
        committed = 0;
        assertLost("it ends at offset 3, and events up to 7 have been folded");
    }

    @Test
    void volumes_that_a_build_without_marks_went_on_with_are_taken_and_marked_again() {
        volumes.put("vol-2", VOL_2);
        committed = 9;

        FoldedState state = open();

        assertThat(state.expects(9)).isTrue();
        state.folded(9);
        assertThat(open().expects(9)).isFalse();
        assertThat(open().expects(10)).isTrue();
    }

    @Test
    void nothing_folded_and_nothing_stored_is_a_new_app() {
        volumes.delete("vol-1");
        marks.delete(FoldedMark.KEY);
        committed = 0;

        assertThat(open().expects(0)).isTrue();
    }

    private final class Log implements EventsLog {

        @Override
        public OptionalLong committed(int partition) {
            return committed == 0 ? OptionalLong.empty() : OptionalLong.of(committed);
        }

        @Override
        public long end(int partition) {
            return end;
        }

        @Override
        public long begin(int partition) {
            return 0;
        }

        @Override
        public void read(int partition, long from, long until, Predicate<SourceRecord> sink) {
            boolean more = true;
            for (long offset = from; offset < until && more; offset++) {
                more = sink.test(null);
            }
        }

        @Override
        public void close() {
            // nothing is open
        }
    }
}
