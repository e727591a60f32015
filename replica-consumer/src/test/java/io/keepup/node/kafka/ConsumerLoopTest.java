package io.keepup.node.kafka;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.keepup.node.event.NodeClosingException;
import io.keepup.node.world.ThreadTasks;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.common.KafkaException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(20)
class ConsumerLoopTest {

    private final MockConsumer<byte[], ByteBuffer> consumer = new MockConsumer<>("earliest");
    private final AtomicInteger turns = new AtomicInteger();

    private final CompletableFuture<Throwable> failure = new CompletableFuture<>();

    private ConsumerLoop loop(ConsumerLoop.Turn turn) {
        return new ConsumerLoop(new ThreadTasks(), "loop", consumer, turn, failure);
    }

    @Test
    void a_turn_that_fails_is_taken_again_and_a_wakeup_is_no_failure() {
        ConsumerLoop loop = loop(used -> {
            if (turns.incrementAndGet() == 1) {
                throw new KafkaException("away");
            }
            used.poll(ConsumerLoop.POLL);
        });
        loop.start();
        await().until(() -> turns.get() > 1);
        loop.wakeup();
        int before = turns.get();
        await().until(() -> turns.get() > before);
        loop.close();
        assertThat(consumer.closed()).isTrue();
    }

    @Test
    void closing_ends_a_loop_that_never_started_and_keeps_it_from_starting() {
        ConsumerLoop loop = loop(used -> turns.incrementAndGet());
        loop.close();
        loop.close();
        loop.start();
        assertThat(consumer.closed()).isTrue();
        assertThat(turns).hasValue(0);
    }

    @Test
    void refused_work_of_a_closing_node_ends_the_loop_at_once() {
        ConsumerLoop loop = loop(used -> {
            turns.incrementAndGet();
            throw new NodeClosingException("closing");
        });
        loop.start();
        await().until(consumer::closed);
        assertThat(turns).hasValue(1);
        loop.close();
    }

    @Test
    void an_error_ends_the_loop_and_is_the_nodes_failure() throws Exception {
        Error error = new LinkageError("as chosen");
        ConsumerLoop loop = loop(used -> {
            turns.incrementAndGet();
            throw error;
        });
        loop.start();
        assertThat(failure.get(10, TimeUnit.SECONDS))
                .hasMessageContaining("loop")
                .hasCause(error);
        loop.close();
        assertThat(consumer.closed()).isTrue();
        assertThat(turns).hasValue(1);
    }

    @Test
    void a_loop_that_was_only_closed_is_no_failure() {
        ConsumerLoop loop = loop(used -> used.poll(ConsumerLoop.POLL));
        loop.start();
        loop.close();
        assertThat(failure).isNotDone();
    }
}
