package io.keepup.node.primary;

import static org.assertj.core.api.Assertions.assertThat;

import io.keepup.node.world.ThreadTasks;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BarrierTest {

    @ParameterizedTest
    @CsvSource({"'', 10", "'7', 7", "'0', 0", "'7 0', 7", "'7 9', 9", "'0 0', 0", "'9 8 0', 8", "'9 8 7 0', 8"})
    void a_majority_of_all_copies_must_have_it(String replicas, long confirmed) {
        List<Long> durable = Arrays.stream(replicas.split(" "))
                .filter(s -> !s.isEmpty())
                .map(Long::valueOf)
                .toList();
        assertThat(Barrier.majority(10, durable)).isEqualTo(confirmed);
    }

    @Test
    void it_never_falls_and_lets_go_who_waits_for_less() {
        Barrier barrier = new Barrier(new ThreadTasks());
        assertThat(barrier.raise(5)).isTrue();
        assertThat(barrier.raise(5)).isFalse();
        assertThat(barrier.raise(3)).isFalse();
        assertThat(barrier.confirmed()).isEqualTo(5);
        assertThat(barrier.await(5, Duration.ZERO)).isTrue();
        assertThat(barrier.await(6, Duration.ofMillis(1))).isFalse();
    }
}
