package io.keepup.node;

import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;

/** Counters of one node as plain numbers. Thread-safe. */
public final class NodeMetrics {

    private final Map<NodeCounter, LongAdder> counters = new EnumMap<>(NodeCounter.class);

    public NodeMetrics() {
        for (NodeCounter counter : NodeCounter.values()) {
            counters.put(counter, new LongAdder());
        }
    }

    public void count(NodeCounter counter) {
        add(counter, 1);
    }

    public void add(NodeCounter counter, long amount) {
        counters.get(counter).add(amount);
    }

    /** The counter's value now. */
    public long get(NodeCounter counter) {
        return counters.get(counter).sum();
    }

    /** All values, each read at its own moment. */
    public Map<NodeCounter, Long> all() {
        Map<NodeCounter, Long> values = new EnumMap<>(NodeCounter.class);
        counters.forEach((counter, adder) -> values.put(counter, adder.sum()));
        return values;
    }
}
