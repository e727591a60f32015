package io.keepup.bench.simulate.plan;

import io.keepup.bench.simulate.time.Draws;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.function.Function;

/**
 * What is done in one history, and to what.
 *
 * @param seed of the history
 * @param nodes number of machines
 * @param volumes number of volumes
 * @param blockSize of the volumes, bytes
 * @param items in order of time
 */
public record Plan(long seed, int nodes, int volumes, int blockSize, List<Item> items) {

    /** When the last deed is done at the latest, ms; then all faults are over. */
    public static final long END_MILLIS = 9_000;

    private static final long BEGIN_MILLIS = 200;

    /** The plan of a seed. */
    public static Plan of(long seed) {
        // Histories differ in what they are about: each leaves some kinds of deeds out altogether.
        return of(seed, draws -> Arrays.stream(Deed.values())
                .filter(deed -> deed == Deed.WRITES || draws.chance(deed.fault() ? 0.45 : 0.6))
                .toList());
    }

    /** The plan of a seed with deeds of such kinds only. */
    public static Plan of(long seed, List<Deed> kinds) {
        return of(seed, draws -> kinds);
    }

    private static Plan of(long seed, Function<Draws, List<Deed>> choice) {
        Draws draws = Draws.of(seed, "plan");
        int shape = draws.below(10);
        int nodes = shape < 7 ? 3 : shape == 7 ? 2 : shape == 8 ? 4 : 5;
        int volumes = draws.chance(0.2) ? 2 : 1;
        int blockSize = draws.chance(0.1) ? 4096 : 512;
        List<Deed> kinds = choice.apply(draws);
        int weights = kinds.stream().mapToInt(Deed::weight).sum();
        int count = (int) draws.between(12, 45);
        List<Item> items = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            long at = draws.between(BEGIN_MILLIS, END_MILLIS);
            int drawn = draws.below(weights);
            int next = 0;
            while (drawn >= kinds.get(next).weight()) {
                drawn -= kinds.get(next).weight();
                next++;
            }
            items.add(new Item(at, kinds.get(next), draws.next()));
        }
        items.sort(Comparator.comparingLong(Item::millis));
        return new Plan(seed, nodes, volumes, blockSize, List.copyOf(items));
    }

    /** The same with other items. */
    public Plan with(List<Item> others) {
        return new Plan(seed, nodes, volumes, blockSize, List.copyOf(others));
    }
}
