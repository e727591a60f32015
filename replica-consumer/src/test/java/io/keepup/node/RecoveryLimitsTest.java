package io.keepup.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.keepup.node.RecoveryLimits.Slot;
import io.keepup.node.RecoveryLimits.Values;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class RecoveryLimitsTest {

    private static final long MIB = 1 << 20;

    private long uptimeMs = 1_000;

    private void after(Duration time) {
        uptimeMs += time.toMillis();
    }

    @Test
    void so_many_rebuilds_run_and_the_next_follow_in_the_order_they_came() {
        RecoveryLimits limits = new RecoveryLimits(() -> uptimeMs, new Values(2, 0));
        Slot first = limits.rebuild();
        Slot second = limits.rebuild();
        Slot third = limits.rebuild();
        Slot fourth = limits.rebuild();
        assertThat(first.granted()).isDone();
        assertThat(second.granted()).isDone();
        assertThat(third.granted()).isNotDone();

        second.close();
        assertThat(third.granted()).isDone();
        assertThat(fourth.granted()).isNotDone();
    }

    @Test
    void who_gives_up_waiting_is_passed_over() {
        RecoveryLimits limits = new RecoveryLimits(() -> uptimeMs, new Values(1, 0));
        Slot running = limits.rebuild();
        Slot gone = limits.rebuild();
        Slot next = limits.rebuild();
        gone.close();
        assertThat(next.granted()).isNotDone();
        running.close();
        assertThat(next.granted()).isDone();
        assertThat(gone.granted()).isNotDone();
    }

    @Test
    void a_higher_limit_lets_those_who_wait_begin_and_a_lower_one_ends_nobody() {
        RecoveryLimits limits = new RecoveryLimits(() -> uptimeMs, new Values(1, 0));
        Slot first = limits.rebuild();
        Slot second = limits.rebuild();
        limits.set(new Values(2, 0));
        assertThat(second.granted()).isDone();

        limits.set(new Values(1, 0));
        Slot third = limits.rebuild();
        first.close();
        assertThat(third.granted()).as("the second still runs").isNotDone();
        second.close();
        assertThat(third.granted()).isDone();
    }

    @Test
    void bytes_are_paid_for_in_time_and_all_pay_together() {
        RecoveryLimits limits = new RecoveryLimits(() -> uptimeMs, new Values(1, 10 * MIB));
        limits.spend(MIB);
        assertThat(limits.pause()).as("a little may go at once").isZero();
        limits.spend(5 * MIB);
        limits.spend(5 * MIB);
        assertThat(limits.pause()).isEqualTo(Duration.ofMillis(1_000));
        after(Duration.ofMillis(600));
        assertThat(limits.pause()).isEqualTo(Duration.ofMillis(400));
        after(Duration.ofHours(1));
        assertThat(limits.pause()).isZero();
        limits.spend(2 * MIB);
        assertThat(limits.pause())
                .as("an hour without traffic saves up nothing")
                .isEqualTo(Duration.ofMillis(100));
    }

    @Test
    void another_rate_holds_from_now_on() {
        RecoveryLimits limits = new RecoveryLimits(() -> uptimeMs, new Values(1, MIB));
        limits.spend(100 * MIB);
        assertThat(limits.pause()).isGreaterThan(Duration.ofSeconds(90));
        limits.set(new Values(1, 2 * MIB));
        assertThat(limits.pause()).isZero();
        limits.set(new Values(1, 0));
        limits.spend(1_000 * MIB);
        assertThat(limits.pause()).isZero();
        assertThat(limits.values()).isEqualTo(new Values(1, 0));
    }

    @Test
    void what_cannot_be_used_is_said() {
        assertThatThrownBy(() -> new Values(0, 0)).hasMessageContaining("allow 1 or more");
        assertThatThrownBy(() -> new Values(1, MIB - 1))
                .hasMessageContaining("allow 1048576 or more, or 0 for no limit");
        assertThatThrownBy(() -> new Values(1, -1)).hasMessageContaining("-1 bytes a second");
    }
}
