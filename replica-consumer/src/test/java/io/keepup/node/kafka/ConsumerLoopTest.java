package io.keepup.node.kafka;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.keepup.node.event.NodeClosingException;
import io.keepup.node.world.ThreadTasks;
import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.common.KafkaException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(20)
class ConsumerLoopTest {

    private final MockConsumer<byte[], ByteBuffer> consumer = new MockConsumer<>("earliest");
    private final AtomicInteger turns = new AtomicInteger();

    @Test
    void a_turn_that_fails_is_taken_again_and_a_wakeup_is_no_failure() {
        ConsumerLoop loop = new ConsumerLoop(new ThreadTasks(), "loop", consumer, used -> {
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
        ConsumerLoop loop = new ConsumerLoop(new ThreadTasks(), "loop", consumer, used -> turns.incrementAndGet());
        loop.close();
        loop.close();
        loop.start();
        assertThat(consumer.closed()).isTrue();
        assertThat(turns).hasValue(0);
    }

    @Test
    void refused_work_of_a_closing_node_ends_the_loop_at_once() {
        ConsumerLoop loop = new ConsumerLoop(new ThreadTasks(), "loop", consumer, used -> {
            turns.incrementAndGet();
            throw new NodeClosingException("closing");
        });
        loop.start();
        await().until(consumer::closed);
        assertThat(turns).hasValue(1);
        loop.close();
    }
}
