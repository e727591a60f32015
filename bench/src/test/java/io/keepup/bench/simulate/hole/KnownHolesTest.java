package io.keepup.bench.simulate.hole;

import static org.assertj.core.api.Assertions.assertThat;

import io.keepup.bench.simulate.Simulator;
import io.keepup.bench.simulate.check.Violation;
import io.keepup.bench.simulate.hole.Hole.Rule;
import io.keepup.bench.simulate.plan.Deed;
import io.keepup.bench.simulate.plan.Plan;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import net.bytebuddy.asm.Advice;
import org.junit.jupiter.api.Test;

/**
 * Holes that rules of the protocol close: with the rule switched off the simulator must see the invariant break, and with
 * it none. A test fails also when the rule is no longer where it was switched off.
 */
class KnownHolesTest {

    private static final int HISTORIES = 400;
    private static final int CLEAN = 10;

    private final Simulator simulator = new Simulator();

    @Test
    void R6_marker_missing() {
        List<Deed> deeds =
                deeds(Deed.FLUSH, Deed.REBUILD_WISH, Deed.POWER_CUT, Deed.POWER_CUT_IN_CHANGE, Deed.KILL, Deed.DELAY);
        shows(4, deeds, new Rule("io.keepup.volume.superblock.SuperblockState", "rebuilding", No.class));
    }

    @Test
    void R1_base_over_applied_WAL_around_a_flush() {
        List<Deed> deeds = deeds(Deed.REBUILD_WISH, Deed.FLUSH, Deed.DELAY, Deed.DUPLICATE_BASE);
        shows(4, deeds, new Rule("io.keepup.volume.RebuildBitmap", "set", Nothing.class));
    }

    private static List<Deed> deeds(Deed... others) {
        List<Deed> deeds = new ArrayList<>(List.of(Deed.WRITES, Deed.WRITES, Deed.WRITES));
        deeds.addAll(List.of(others));
        return deeds;
    }

    private void shows(int invariant, List<Deed> deeds, Rule... rules) {
        assertThat(told(CLEAN, deeds)).as("with the rule").isEmpty();
        Optional<Violation> violation;
        Hole hole = new Hole(rules);
        try {
            violation = told(HISTORIES, deeds);
        } finally {
            hole.close();
        }
        assertThat(violation.map(Violation::invariant)).as("without the rule").contains(invariant);
        System.out.printf("without %s: %s%n", rules[0].method(), violation.get());
        assertThat(told(CLEAN, deeds)).as("with the rule again").isEmpty();
    }

    private Optional<Violation> told(int histories, List<Deed> deeds) {
        return simulator.search(histories, 1, seed -> Plan.of(seed, deeds));
    }

    private static final class No {
        @Advice.OnMethodExit
        static void exit(@Advice.Return(readOnly = false) boolean answer) {
            answer = false;
        }
    }

    private static final class Nothing {
        @Advice.OnMethodEnter(skipOn = Advice.OnNonDefaultValue.class)
        static boolean enter() {
            return true;
        }
    }
}
