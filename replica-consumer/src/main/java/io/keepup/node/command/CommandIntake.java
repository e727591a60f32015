package io.keepup.node.command;

import io.keepup.node.NodeContext;
import io.keepup.node.NodeCounter;
import io.keepup.node.event.NodeClosingException;
import io.keepup.schemas.codec.UndecodableException;
import io.keepup.schemas.registry.RegistryException;
import io.keepup.schemas.topic.KeyPartitions;
import io.keepup.schemas.topic.Topics;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.WakeupException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes this node's commands, each at least once: offsets are committed after execution, and execution is idempotent. A
 * record that is no command is skipped loudly; a command that fails is logged and counted; neither stops the intake.
 */
public final class CommandIntake implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(CommandIntake.class);
    private static final Duration POLL = Duration.ofMillis(500);
    private static final Duration CALL = Duration.ofSeconds(10);
    private static final long RETRY_MS = 500;

    private final NodeContext context;
    private final CommandExecutor executor;
    private final Consumer<byte[], byte[]> consumer;
    private final byte[] key;
    private final TopicPartition nodeCommands;
    private final TopicPartition sessionCommands;
    private final Thread thread;
    private final CountDownLatch closing = new CountDownLatch(1);

    public CommandIntake(NodeContext context, CommandExecutor executor) {
        this.context = context;
        this.executor = executor;
        this.consumer = context.kafka().commandConsumer();
        this.key = context.nodeId().getBytes(StandardCharsets.UTF_8);
        this.nodeCommands = own(Topics.COMMANDS_NODE);
        this.sessionCommands = own(Topics.COMMANDS_SESSION);
        consumer.assign(List.of(nodeCommands, sessionCommands));
        this.thread = Thread.ofPlatform()
                .name("keepup-%s-commands".formatted(context.nodeId()))
                .daemon(true)
                .unstarted(this::run);
    }

    private TopicPartition own(String topic) {
        int partitions = consumer.partitionsFor(topic, CALL).size();
        return new TopicPartition(topic, KeyPartitions.partitionFor(context.nodeId(), partitions));
    }

    public void start() {
        thread.start();
    }

    private void run() {
        try {
            while (closing.getCount() > 0) {
                try {
                    turn();
                } catch (WakeupException e) {
                    // closing
                } catch (RuntimeException e) {
                    log.error("Commands cannot be read or committed, trying again", e);
                    closing.await(RETRY_MS, TimeUnit.MILLISECONDS);
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            consumer.close(CloseOptions.timeout(Duration.ofMillis(500)));
        }
    }

    private void turn() throws InterruptedException {
        ConsumerRecords<byte[], byte[]> polled = consumer.poll(POLL);
        if (polled.isEmpty()) {
            return;
        }
        // Roles before sessions: a session is issued in a role, but the topics have no order between them.
        List<ConsumerRecord<byte[], byte[]>> records = new ArrayList<>(polled.records(nodeCommands));
        records.addAll(polled.records(sessionCommands));
        for (ConsumerRecord<byte[], byte[]> record : records) {
            if (closing.getCount() == 0) {
                return; // not committed: it comes again
            }
            if (Arrays.equals(record.key(), key)) {
                execute(record);
            }
        }
        if (closing.getCount() > 0) {
            consumer.commitSync(CALL);
        }
    }

    private void execute(ConsumerRecord<byte[], byte[]> record) throws InterruptedException {
        SpecificRecord command = decode(record);
        if (command == null) {
            return;
        }
        try {
            executor.execute(command);
            context.metrics().count(NodeCounter.COMMANDS_EXECUTED);
        } catch (NodeClosingException e) {
            log.debug("A command is left for the next start", e);
        } catch (RuntimeException e) {
            context.metrics().count(NodeCounter.COMMANDS_FAILED);
            log.error(
                    "Command {} at {}/{} failed: {}",
                    command.getSchema().getName(),
                    record.topic(),
                    record.offset(),
                    command,
                    e);
        }
    }

    private SpecificRecord decode(ConsumerRecord<byte[], byte[]> record) throws InterruptedException {
        while (closing.getCount() > 0) {
            try {
                if (record.value() == null) {
                    throw new UndecodableException("it has no value");
                }
                return context.codec().decode(record.value());
            } catch (UndecodableException e) {
                context.metrics().count(NodeCounter.COMMANDS_POISON);
                log.error(
                        "Record {}/{}/{} skipped, it is no command: {}",
                        record.topic(),
                        record.partition(),
                        record.offset(),
                        e.getMessage());
                return null;
            } catch (RegistryException e) {
                log.error("A command waits for the registry", e); // no verdict on the record
                closing.await(RETRY_MS, TimeUnit.MILLISECONDS);
            }
        }
        return null;
    }

    @Override
    public void close() {
        closing.countDown();
        consumer.wakeup();
        if (!thread.isAlive()) {
            return;
        }
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
