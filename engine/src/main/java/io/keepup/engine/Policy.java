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

    /** The default in production: the reference with [P1]-[P10], a majority for durability, default budgets. */
    static Policy safe() {
        return new Safe(DurabilityRule.QUORUM, SessionBudgets.DEFAULT);
    }

    /** [E1]-[E11] and nothing else. */
    record Reference() implements Policy {
        @Override
        public String name() {
            return "reference";
        }
    }

    /** [E1]-[E11] as changed by [P1]-[P10]. */
    record Safe(DurabilityRule durability, SessionBudgets budgets) implements Policy {
        public Safe {
            Objects.requireNonNull(durability, "durability");
            Objects.requireNonNull(budgets, "budgets");
        }

        @Override
        public String name() {
            return "safe";
        }
    }

    /**
     * How long a session may take, in ms: its deadline is the time of the deciding event plus this [C4].
     *
     * @throws IllegalArgumentException when one is not positive
     */
    record SessionBudgets(long catchUpMs, long rebuildMs) {
        /** 10 minutes and 2 hours; stalls are noticed much earlier, by progress. */
        public static final SessionBudgets DEFAULT = new SessionBudgets(600_000, 7_200_000);

        public SessionBudgets {
            if (catchUpMs <= 0 || rebuildMs <= 0) {
                throw new IllegalArgumentException(
                        "session budgets must be positive ms, not " + catchUpMs + " and " + rebuildMs);
            }
        }
    }
}
