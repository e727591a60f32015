package io.keepup.engine;

import java.util.Objects;

/** Which rules the engine decides by; a value it is given, so that a replay can ask what another one would have done. */
public sealed interface Policy {

    /** Stands in the source of every command: {@code engine/<name>}. */
    String name();

    /** The rules of the founding engine, bit for bit [E1]-[E11]; golden traces check them. */
    static Policy reference() {
        return new Reference();
    }

    /** The default in production: the reference with [P1]-[P11], a majority for durability. */
    static Policy safe() {
        return new Safe(DurabilityRule.QUORUM);
    }

    /** [E1]-[E11] and nothing else. */
    record Reference() implements Policy {
        @Override
        public String name() {
            return "reference";
        }
    }

    /** [E1]-[E11] as changed by [P1]-[P11]. */
    record Safe(DurabilityRule durability) implements Policy {
        public Safe {
            Objects.requireNonNull(durability, "durability");
        }

        @Override
        public String name() {
            return "safe";
        }
    }
}
