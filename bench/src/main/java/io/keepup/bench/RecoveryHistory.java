package io.keepup.bench;

import io.keepup.engine.Fold;
import io.keepup.engine.Policy;
import io.keepup.engine.Step;
import io.keepup.engine.message.Event;
import io.keepup.engine.state.VolumeState;
import java.util.ArrayList;
import java.util.List;

/**
 * A {@link VolumeLife} as the benchmark folds it.
 *
 * @param start the volume assigned, all gates of the primary open, no replica heard
 * @param events lawful on {@code start} in this order, {@value VolumeLife#CYCLE} a cycle
 */
record RecoveryHistory(VolumeState start, List<Event> events) {

    static final String LAGGING = "vs-2";
    static final String LOST = "vs-3";

    private static final String VOLUME = "volume-1";
    private static final VolumeLife.Nodes NODES = new VolumeLife.Nodes("vs-1", LAGGING, LOST);
    private static final long STARTED_MS = 1_767_225_600_000L;

    /** The history of so many cycles under that policy, which must be the safe one, with any durability rule. */
    static RecoveryHistory of(Policy.Safe policy, int cycles) {
        VolumeLife life = new VolumeLife(VOLUME, NODES, STARTED_MS);
        Fold fold = new Fold(policy);
        VolumeState start = VolumeState.initial(VOLUME);
        for (int i = 0; i < VolumeLife.BOOTSTRAP; i++) {
            start = ((Step) fold.apply(start, life.next())).state();
        }
        List<Event> told = new ArrayList<>();
        for (int i = 0; i < cycles * VolumeLife.CYCLE; i++) {
            told.add(life.next());
        }
        return new RecoveryHistory(start, List.copyOf(told));
    }
}
