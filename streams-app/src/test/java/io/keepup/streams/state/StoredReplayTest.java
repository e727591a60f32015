package io.keepup.streams.state;

import static org.assertj.core.api.Assertions.assertThat;

import io.keepup.engine.Fold;
import io.keepup.engine.Folded;
import io.keepup.engine.Policy;
import io.keepup.engine.Step;
import io.keepup.engine.message.Event;
import io.keepup.engine.state.VolumeState;
import io.keepup.streams.RandomHistory;
import java.util.ArrayList;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

/** [invariant 1] The store forgets nothing that a decision needs. */
class StoredReplayTest {

    private static final int EVENTS = 150;

    private final StateCodec codec = new StateCodec();
    private final Fold fold = new Fold(Policy.safe());

    @Property(tries = 300)
    void aStateThatWasStoredInBetweenGoesOnAsIfItHadNotBeen(
            @ForAll long seed, @ForAll @IntRange(max = EVENTS) int cut) {
        List<Event> log = new RandomHistory("vol-1", seed)
                .next(EVENTS).stream().map(RandomHistory::event).toList();
        List<Folded> whole = new ArrayList<>();
        VolumeState end = fold(VolumeState.initial("vol-1"), log, whole);

        List<Folded> halves = new ArrayList<>();
        VolumeState half = fold(VolumeState.initial("vol-1"), log.subList(0, cut), halves);
        VolumeState again = fold(codec.decode(codec.encode(half)), log.subList(cut, EVENTS), halves);

        assertThat(again).isEqualTo(end);
        assertThat(halves).isEqualTo(whole);
    }

    private VolumeState fold(VolumeState start, List<Event> log, List<Folded> results) {
        VolumeState state = start;
        for (Event event : log) {
            Folded folded = fold.apply(state, event);
            results.add(folded);
            if (folded instanceof Step step) {
                state = step.state();
            }
        }
        return state;
    }
}
