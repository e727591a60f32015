package io.keepup.bench.simulate.plan;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;

/** Makes a plan smaller as long as it still fails: delta debugging, by ever smaller parts. */
public final class Shrinker {

    private Shrinker() {}

    /**
     * A part of the plan that still fails, and does no more without any one item.
     *
     * @param plan fails
     * @param fails whether a part of it does
     * @param most so many parts are tried at most
     */
    public static Plan shrink(Plan plan, Predicate<Plan> fails, int most) {
        List<Item> items = plan.items();
        int tries = 0;
        int parts = 2;
        while (items.size() >= 1 && tries < most) {
            int size = Math.max(1, (items.size() + parts - 1) / parts);
            boolean smaller = false;
            for (int from = 0; from < items.size() && tries < most; from += size) {
                List<Item> rest = new ArrayList<>(items.subList(0, from));
                rest.addAll(items.subList(Math.min(items.size(), from + size), items.size()));
                tries++;
                if (fails.test(plan.with(rest))) {
                    items = rest;
                    parts = Math.max(2, parts - 1);
                    smaller = true;
                    break;
                }
            }
            if (!smaller) {
                if (size == 1) {
                    break;
                }
                parts = Math.min(items.size(), parts * 2);
            }
        }
        return plan.with(items);
    }
}
