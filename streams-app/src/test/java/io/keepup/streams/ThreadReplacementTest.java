package io.keepup.streams;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class ThreadReplacementTest {

    private final AtomicLong now = new AtomicLong();
    private final ThreadReplacement replacement = new ThreadReplacement(now::get);

    @Test
    void a_thread_that_dies_again_and_again_is_not_replaced_for_ever() {
        for (int death = 1; death <= ThreadReplacement.LIMIT; death++) {
            assertThat(replacement.allowed()).as("death %d", death).isTrue();
        }
        assertThat(replacement.allowed()).isFalse();
    }

    /** What reads the topic again from the last commit looks well until it comes to the same record. */
    @Test
    void S_F3_who_dies_every_twelve_seconds_is_never_ready_in_between() {
        assertThat(replacement.unsettled()).isFalse();
        for (int death = 1; death <= 10; death++) {
            assertThat(replacement.allowed()).isEqualTo(death <= ThreadReplacement.LIMIT);
            assertThat(replacement.unsettled()).isTrue();
            now.addAndGet(Duration.ofSeconds(12).toNanos());
            assertThat(replacement.unsettled()).isTrue();
        }
        now.addAndGet(Duration.ofSeconds(8).toNanos());
        assertThat(replacement.unsettled()).as("settled again").isFalse();
    }

    @Test
    void deaths_long_ago_are_forgotten() {
        for (int death = 1; death <= 10 * ThreadReplacement.LIMIT; death++) {
            assertThat(replacement.allowed()).as("death %d", death).isTrue();
            now.addAndGet(Duration.ofSeconds(15).toNanos());
        }
    }
}
