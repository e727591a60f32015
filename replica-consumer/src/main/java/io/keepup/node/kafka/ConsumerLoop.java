package io.keepup.node.kafka;

import io.keepup.node.Trouble;
import io.keepup.node.event.NodeClosingException;
import io.keepup.node.world.Tasks;
import io.keepup.schemas.topic.KeyPartitions;
import io.keepup.service.failure.RepeatedFailureLog;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.WakeupException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One consumer in one task of its own, turning until it is closed.
 *
 * <ul>
 *   <li>Only the loop's task uses the consumer once {@link #start} was called; before, only whoever made the loop.
 *   <li>A turn that throws is said and taken again after a pause: a broker that is away ends nothing. What a turn had
 *       polled is not polled again, so a turn that must not lose a record keeps it until it is done with it.
 *   <li>{@link #wakeup} ends a poll early, and only that: a turn may be cut short at any call to the broker.
 *   <li>An {@link Error} ends the loop, and the node cannot do without: it is told as the node's failure.
 *   <li>{@link NodeClosingException} ends the loop at once, so that nothing is committed after work was refused.
 *   <li>{@link #close} returns when the task has ended and the consumer is closed, also of a loop that never started.
 *       It waits for the turn under way; turns look at {@link #closing} between records.
 * </ul>
 */
public final class ConsumerLoop implements AutoCloseable {

    /** How long one poll waits. */
    public static final Duration POLL = Duration.ofMillis(500);
    /** How long a call to the broker may take. */
    public static final Duration CALL = Duration.ofSeconds(10);

    private static final Logger log = LoggerFactory.getLogger(ConsumerLoop.class);
    private static final RepeatedFailureLog failures = new RepeatedFailureLog(log);
    private static final Duration RETRY = Duration.ofMillis(500);

    /** One turn: poll, and do what there is to do. */
    public interface Turn {
        void take(Consumer<byte[], ByteBuffer> consumer);
    }

    private final Tasks tasks;
    private final String name;
    private final Consumer<byte[], ByteBuffer> consumer;
    private final Turn turn;
    private final CompletableFuture<Throwable> failure;
    private final Trouble trouble;
    private final CompletableFuture<Void> closing = new CompletableFuture<>();
    /** Done when the loop has ended; null before it begins. */
    private CompletableFuture<Void> running;

    /**
     * A loop that does not turn yet.
     *
     * @param name of the task
     * @param failure completed when the loop ends of an error
     */
    public ConsumerLoop(
            Tasks tasks,
            String name,
            Consumer<byte[], ByteBuffer> consumer,
            Turn turn,
            CompletableFuture<Throwable> failure) {
        this.tasks = tasks;
        this.name = name;
        this.consumer = consumer;
        this.turn = turn;
        this.failure = failure;
        this.trouble = new Trouble(failures, "loop", name);
    }

    /** The one partition of a topic that holds the records of a key. */
    public static TopicPartition partitionOf(Consumer<?, ?> consumer, String topic, String key) {
        int partitions = consumer.partitionsFor(topic, CALL).size();
        return new TopicPartition(topic, KeyPartitions.partitionFor(key, partitions));
    }

    public synchronized void start() {
        if (!closing()) {
            running = tasks.start(name, this::run);
        }
    }

    private void run() {
        try {
            while (!closing()) {
                try {
                    turn.take(consumer);
                    trouble.over();
                } catch (WakeupException e) {
                    log.trace("{} is wanted", name, e);
                } catch (NodeClosingException e) {
                    log.debug("{} ends", name, e);
                    return;
                } catch (InterruptException e) {
                    log.warn("{} was interrupted and ends", name, e);
                    return;
                } catch (RuntimeException e) {
                    trouble.met(e);
                    pause(RETRY);
                }
            }
        } catch (Error e) {
            failure.complete(new IllegalStateException("%s broke off: %s".formatted(name, e), e));
            throw e;
        } finally {
            consumer.close(CloseOptions.timeout(Duration.ZERO));
        }
    }

    /** Whether to end; from the first call of {@link #close} on. */
    public boolean closing() {
        return closing.isDone();
    }

    /** Waits, but not longer than until the loop closes. */
    public void pause(Duration limit) {
        tasks.await(closing, limit);
    }

    /** Ends the poll under way, or the next one. */
    public void wakeup() {
        consumer.wakeup();
    }

    @Override
    public void close() {
        CompletableFuture<Void> started;
        synchronized (this) {
            closing.complete(null);
            started = running;
        }
        if (started == null) {
            consumer.close(CloseOptions.timeout(Duration.ZERO));
            return;
        }
        consumer.wakeup();
        tasks.await(started);
    }
}
