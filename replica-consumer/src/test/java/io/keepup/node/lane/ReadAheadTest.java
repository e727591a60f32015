package io.keepup.node.lane;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.keepup.node.world.ThreadTasks;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(20)
class ReadAheadTest {

    private static final Duration LIMIT = Duration.ofSeconds(10);

    private final AtomicInteger reads = new AtomicInteger();
    private final CountDownLatch ended = new CountDownLatch(1);

    private ReadAhead<Integer> reading(Supplier<Optional<Integer>> source) {
        return new ReadAhead<>(new ThreadTasks(), "reading", 2, source, ended::countDown);
    }

    @Test
    void what_the_source_throws_comes_after_what_it_gave() throws Exception {
        ReadAhead<Integer> ahead = reading(() -> {
            if (reads.incrementAndGet() == 2) {
                throw new LaneLostException("gone");
            }
            return Optional.of(reads.get());
        });
        ended.await();
        assertThat(ahead.poll(LIMIT)).contains(1);
        assertThatThrownBy(() -> ahead.poll(LIMIT)).isInstanceOf(LaneLostException.class);
        ahead.close(() -> {});
    }

    @Test
    void an_error_of_the_source_is_no_silence() throws Exception {
        Error error = new LinkageError("as chosen");
        ReadAhead<Integer> ahead = reading(() -> {
            throw error;
        });
        ended.await();
        assertThatThrownBy(() -> ahead.poll(LIMIT))
                .isInstanceOf(IllegalStateException.class)
                .hasCause(error);
        ahead.close(() -> {});
    }
}
