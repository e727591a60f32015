package io.keepup.node.command;

import io.keepup.node.NodeContext;
import io.keepup.node.NodeCounter;
import io.keepup.node.Trouble;
import io.keepup.node.event.FaultReport;
import io.keepup.node.hosting.VolumeHost;
import io.keepup.node.kafka.ConsumerLoop;
import io.keepup.schemas.codec.UndecodableException;
import io.keepup.schemas.registry.RegistryException;
import io.keepup.schemas.topic.Topics;
import io.keepup.service.failure.RepeatedFailureLog;
import io.keepup.v1.Meta;
import io.keepup.v1.NodeFault;
import io.keepup.v1.Role;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes this node's commands, each at least once: offsets are committed up to the oldest command that still waits, and
 * execution is idempotent. A record that is no command, and a command that can never succeed, is passed over loudly; a
 * command whose disk, broker or registry is away is tried again, also over a restart, and holds up its own volume only.
 */
public final class CommandIntake implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(CommandIntake.class);
    private static final RepeatedFailureLog failures = new RepeatedFailureLog(log);
    private static final Duration RETRY = Duration.ofMillis(500);

    private final NodeContext context;
    private final CommandExecutor executor;
    private final byte[] key;
    private final TopicPartition nodeCommands;
    private final TopicPartition sessionCommands;
    private final PendingCommands pending = new PendingCommands(this::failed);
    private final ConsumerLoop loop;
    private final VolumeHost host;
    private Map<TopicPartition, OffsetAndMetadata> committed = Map.of();
    private final Trouble registry = new Trouble(failures, "registry", "A command that waits for the registry");
    private boolean recallDue;
    /** Volumes that were looked up are not all made again yet. */
    private boolean recalling;

    /** When volumes may be gone from the disk, what this node was last told of them is looked up first. */
    public CommandIntake(NodeContext context, VolumeHost host) {
        this.context = context;
        this.host = host;
        this.executor = new CommandExecutor(context, host);
        this.recallDue = host.someMayBeGone();
        this.recalling = recallDue;
        this.key = context.nodeId().getBytes(StandardCharsets.UTF_8);
        Consumer<byte[], ByteBuffer> consumer = context.kafka().commandConsumer();
        this.loop = new ConsumerLoop(
                context.tasks(),
                "keepup-%s-commands".formatted(context.nodeId()),
                consumer,
                this::turn,
                context.failure());
        try {
            this.nodeCommands = ConsumerLoop.partitionOf(consumer, Topics.COMMANDS_NODE, context.nodeId());
            this.sessionCommands = ConsumerLoop.partitionOf(consumer, Topics.COMMANDS_SESSION, context.nodeId());
            consumer.assign(List.of(nodeCommands, sessionCommands));
        } catch (RuntimeException e) {
            loop.close();
            throw e;
        }
    }

    public void start() {
        loop.start();
    }

    private void turn(Consumer<byte[], ByteBuffer> consumer) {
        if (recallDue) {
            recall(consumer);
            recallDue = false;
        }
        ConsumerRecords<byte[], ByteBuffer> polled = consumer.poll(ConsumerLoop.POLL);
        // Roles before sessions: a session is issued in a role, but the topics have no order between them.
        add(polled.records(nodeCommands));
        add(polled.records(sessionCommands));
        pending.execute(context.uptimeMs(), loop::closing, this::execute);
        if (recalling && pending.isEmpty()) {
            host.lookedUp();
            recalling = false;
        }
        if (!loop.closing()) {
            commit(consumer);
        }
    }

    /** Executes once more what was executed for volumes that are no longer on the disk. */
    private void recall(Consumer<byte[], ByteBuffer> consumer) {
        OffsetAndMetadata done =
                consumer.committed(Set.of(nodeCommands), ConsumerLoop.CALL).get(nodeCommands);
        if (done == null) {
            return; // nothing was executed yet: all of it is still to come
        }
        long end = Math.min(
                done.offset(),
                consumer.endOffsets(List.of(nodeCommands), ConsumerLoop.CALL).get(nodeCommands));
        RecalledCommands recalled = new RecalledCommands();
        consumer.pause(List.of(sessionCommands));
        consumer.seekToBeginning(List.of(nodeCommands));
        while (consumer.position(nodeCommands, ConsumerLoop.CALL) < end && !loop.closing()) {
            for (ConsumerRecord<byte[], ByteBuffer> record : consumer.poll(ConsumerLoop.POLL)) {
                SpecificRecord command =
                        record.offset() < end && Arrays.equals(record.key(), key) ? decode(record) : null;
                if (command != null) {
                    recalled.take(record.offset(), command);
                }
            }
        }
        consumer.seek(nodeCommands, done);
        consumer.resume(List.of(sessionCommands));
        host.lookingUp();
        recalled.all().forEach(this::again);
    }

    private void again(String volumeId, List<RecalledCommands.Recalled> commands) {
        Role role = RecalledCommands.role(commands);
        // Held without a role, it was being made again when the node stopped.
        boolean unfinished = host.volume(volumeId)
                .filter(volume -> volume.status().epoch() == 0)
                .isPresent();
        if (host.holds(volumeId) && !unfinished || role == Role.none) {
            return;
        }
        if (role != Role.replica) {
            // Made again it would be empty, and its replicas would be rebuilt from nothing.
            host.refuse(
                    volumeId,
                    RecalledCommands.epochOf(commands),
                    new FaultReport(
                            NodeFault.data_missing,
                            "this node is its primary, but its data is gone: assign another primary"));
            return;
        }
        log.warn("Volume {}: its directory is gone, it is made again and rebuilt", volumeId);
        commands.forEach(c -> pending.add(volumeId, nodeCommands, c.offset(), c.command()));
    }

    private void add(List<ConsumerRecord<byte[], ByteBuffer>> records) {
        for (ConsumerRecord<byte[], ByteBuffer> record : records) {
            SpecificRecord command = Arrays.equals(record.key(), key) ? decode(record) : null;
            if (command != null) {
                TopicPartition partition = new TopicPartition(record.topic(), record.partition());
                pending.add(volumeId(command), partition, record.offset(), command);
            }
        }
    }

    private static String volumeId(SpecificRecord command) {
        var meta = command.getSchema().getField("meta");
        return meta != null && command.get(meta.pos()) instanceof Meta known ? known.getVolumeId() : "";
    }

    private void execute(SpecificRecord command) {
        executor.execute(command);
        context.metrics().count(NodeCounter.COMMANDS_EXECUTED);
    }

    private void failed(
            TopicPartition partition, long offset, SpecificRecord command, RuntimeException why, boolean again) {
        context.metrics().count(NodeCounter.COMMANDS_FAILED);
        failures.error(
                again ? "command that waits" : "command passed over",
                "Command %s at %s/%s failed, %s: %s"
                        .formatted(
                                command.getSchema().getName(),
                                partition,
                                offset,
                                again
                                        ? "it waits and is tried again, " + why
                                        : "it can never succeed and is passed over",
                                command),
                again ? null : why);
    }

    private void commit(Consumer<byte[], ByteBuffer> consumer) {
        Map<TopicPartition, Long> oldest = pending.oldest();
        Map<TopicPartition, OffsetAndMetadata> done = new HashMap<>();
        for (TopicPartition partition : consumer.assignment()) {
            long next = oldest.getOrDefault(partition, consumer.position(partition, ConsumerLoop.CALL));
            done.put(partition, new OffsetAndMetadata(next));
        }
        if (!done.equals(committed)) {
            consumer.commitSync(done, ConsumerLoop.CALL);
            committed = done;
        }
    }

    private SpecificRecord decode(ConsumerRecord<byte[], ByteBuffer> record) {
        while (!loop.closing()) {
            try {
                SpecificRecord command = context.codec().decode(record);
                registry.over();
                return command;
            } catch (UndecodableException e) {
                context.metrics().count(NodeCounter.COMMANDS_POISON);
                failures.error(
                        "no command",
                        "Record %s/%s/%s skipped, it is no command: %s"
                                .formatted(record.topic(), record.partition(), record.offset(), e.getMessage()));
                return null;
            } catch (RegistryException e) {
                registry.met(e); // no verdict on the record
                loop.pause(RETRY);
            }
        }
        return null;
    }

    @Override
    public void close() {
        loop.close();
    }
}
