package io.keepup.streams.state;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.keepup.engine.state.VolumeState;
import io.keepup.streams.RandomHistory;
import io.keepup.v1.state.StoredVolume;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class StateCodecTest {

    private static final int HISTORIES = 200;
    private static final int EVENTS = 120;

    private final StateCodec codec = new StateCodec();

    @Test
    void every_state_of_random_histories_survives_the_round_trip_and_encodes_to_the_same_bytes() {
        long withSessions = 0;
        for (long seed = 0; seed < HISTORIES; seed++) {
            RandomHistory history = new RandomHistory("vol-1", seed);
            for (int i = 0; i < EVENTS; i++) {
                history.next();
                byte[] bytes = codec.encode(history.state());
                VolumeState decoded = codec.decode(bytes);
                assertThat(decoded).as("seed %d event %d", seed, i).isEqualTo(history.state());
                assertThat(codec.encode(decoded)).isEqualTo(bytes);
            }
            withSessions += history.state().lastSessionId() > 0 ? 1 : 0;
        }
        assertThat(withSessions).as("histories in which a session was issued").isGreaterThan(HISTORIES * 3 / 4);
    }

    @Test
    void the_current_version_is_frozen_as_it_is_written() {
        assertThat(StateCodec.frozen(StateCodec.CURRENT))
                .as("state.avdl changed: that is a new version, with its own frozen schema")
                .isEqualTo(StoredVolume.SCHEMA$);
    }

    @Test
    void bytes_of_a_later_version_and_damaged_bytes_are_refused() {
        byte[] bytes = codec.encode(new RandomHistory("vol-1", 7).state());
        byte[] later = bytes.clone();
        later[0] = StateCodec.CURRENT + 1;
        assertThatThrownBy(() -> codec.decode(later))
                .isInstanceOf(StateException.class)
                .hasMessageContaining("version 2");
        assertThatThrownBy(() -> codec.decode(new byte[0])).isInstanceOf(StateException.class);
        assertThatThrownBy(() -> codec.decode(Arrays.copyOf(bytes, bytes.length - 1)))
                .isInstanceOf(StateException.class)
                .hasMessageContaining("changelog");
    }
}
