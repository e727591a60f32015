package io.keepup.streams.audit;

import static org.assertj.core.api.Assertions.assertThat;

import io.keepup.engine.Policy;
import io.keepup.streams.RandomHistory;
import io.keepup.streams.fold.Ruling;
import io.keepup.streams.state.StateCodec;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** [invariant 1] The state at any offset is, byte for byte, what the app had stored then. */
class ReplayTest {

    private static final int EVENTS = 400;

    @TempDir
    Path directory;

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void the_replayed_state_at_every_offset_is_the_one_that_was_stored_then(boolean safe) {
        Policy policy = safe ? Policy.safe() : Policy.reference();
        long seed = System.nanoTime();
        System.out.printf("seed %d%n", seed);
        RandomHistory history = new RandomHistory("vol-1", seed);
        try (RecordedFold fold = new RecordedFold(directory, policy)) {
            List<byte[]> stored = new ArrayList<>();
            for (int i = 0; i < EVENTS; i++) {
                if (i % 40 == 3) {
                    fold.send("vol-1", new byte[] {9, 9}, new RecordHeaders());
                } else {
                    fold.send(history.next());
                }
                stored.add(fold.stored("vol-1"));
            }
            Replay replay = new Replay(fold.codec, policy, 1);
            StateCodec states = new StateCodec();
            List<Ruling> rulings = new ArrayList<>();
            fold.events(Progress.NONE, event -> {
                rulings.add(replay.next(event));
                byte[] then = stored.get((int) event.offset());
                if (then == null) {
                    assertThat(replay.state("vol-1").views().isEmpty()).isTrue();
                } else {
                    assertThat(states.encode(replay.state("vol-1")))
                            .as("offset %d", event.offset())
                            .isEqualTo(then);
                }
                return true;
            });
            assertThat(rulings).hasSize(EVENTS);
            assertThat(rulings).filteredOn(Ruling.Refused.class::isInstance).hasSizeGreaterThan(EVENTS / 40);
            assertThat(rulings).filteredOn(Ruling.Admitted.class::isInstance).hasSizeGreaterThan(EVENTS / 16);
        }
    }
}
