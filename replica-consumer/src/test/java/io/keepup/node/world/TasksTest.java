package io.keepup.node.world;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.kafka.common.errors.InterruptException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(20)
class TasksTest {

    private static final Duration LONG = Duration.ofSeconds(15);
    private static final Duration SHORT = Duration.ofMillis(20);

    private final Tasks tasks = new ThreadTasks();

    @Test
    void a_task_runs_in_a_daemon_thread_of_its_name_and_its_future_tells_its_end() {
        AtomicReference<Thread> seen = new AtomicReference<>();
        CompletableFuture<Void> go = new CompletableFuture<>();
        CompletableFuture<Void> ended = tasks.start("keepup-name", () -> {
            seen.set(Thread.currentThread());
            tasks.await(go);
        });
        assertThat(tasks.await(ended, SHORT)).isFalse();
        go.complete(null);
        assertThat(tasks.await(ended, LONG)).isTrue();
        assertThat(seen.get().getName()).isEqualTo("keepup-name");
        assertThat(seen.get().isDaemon()).isTrue();
    }

    @Test
    void an_outcome_is_not_thrown_at_who_waits() {
        CompletableFuture<Void> failed = CompletableFuture.failedFuture(new IllegalStateException("gone"));
        assertThat(tasks.await(failed, SHORT)).isTrue();
        tasks.await(failed);
    }

    @Test
    void an_interrupt_ends_a_wait_with_a_limit_and_no_other_and_is_kept() {
        CompletableFuture<Void> never = new CompletableFuture<>();
        CompletableFuture<Void> go = new CompletableFuture<>();
        CompletableFuture<Boolean> waited = new CompletableFuture<>();
        CompletableFuture<Thread> waiter = new CompletableFuture<>();
        tasks.start("waiter", () -> {
            waiter.complete(Thread.currentThread());
            assertThatThrownBy(() -> tasks.await(never, LONG)).isInstanceOf(InterruptException.class);
            tasks.await(go);
            waited.complete(Thread.interrupted());
        });
        waiter.join().interrupt();
        assertThat(tasks.await(waited, SHORT)).isFalse();
        go.complete(null);
        assertThat(waited.join()).isTrue();
    }

    @Test
    void a_signal_given_while_nobody_waits_is_kept_once() {
        Signal signal = new Signal(tasks);
        signal.raise();
        signal.raise();
        assertThat(signal.await(LONG)).isTrue();
        assertThat(signal.await(SHORT)).isFalse();
        CompletableFuture<Void> woken =
                tasks.start("waiter", () -> assertThat(signal.await(LONG)).isTrue());
        signal.raise();
        tasks.await(woken);
        assertThat(woken).isCompleted();
    }

    @Test
    void a_mutex_lets_one_in_at_a_time_also_while_that_one_waits_and_the_holder_again() {
        Mutex mutex = new Mutex(tasks);
        CompletableFuture<Void> inside = new CompletableFuture<>();
        CompletableFuture<Void> go = new CompletableFuture<>();
        AtomicInteger entered = new AtomicInteger();
        CompletableFuture<Void> first = tasks.start(
                "first",
                () -> mutex.run(() -> {
                    inside.complete(null);
                    mutex.run(() -> tasks.await(go));
                    assertThat(entered).hasValue(0);
                }));
        inside.join();
        CompletableFuture<Void> second = tasks.start("second", () -> mutex.run(entered::incrementAndGet));
        assertThat(tasks.await(second, SHORT)).isFalse();
        go.complete(null);
        tasks.await(CompletableFuture.allOf(first, second));
        assertThat(first).isCompleted();
        assertThat(entered).hasValue(1);
    }

    @Test
    void a_mutex_is_free_again_after_a_failure_and_loses_nobody_under_contention() {
        Mutex mutex = new Mutex(tasks);
        assertThatThrownBy(() -> mutex.run(() -> {
                    throw new IllegalStateException("inside");
                }))
                .hasMessage("inside");
        int[] sum = {0};
        AtomicInteger ended = new AtomicInteger();
        int threads = 8;
        int times = 2_000;
        for (int i = 0; i < threads; i++) {
            tasks.start("adder", () -> {
                for (int n = 0; n < times; n++) {
                    mutex.run(() -> sum[0]++);
                }
                ended.incrementAndGet();
            });
        }
        await().until(() -> ended.get() == threads);
        assertThat(mutex.get(() -> sum[0])).isEqualTo(threads * times);
    }
}
