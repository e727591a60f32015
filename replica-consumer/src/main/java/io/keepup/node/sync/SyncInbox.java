package io.keepup.node.sync;

import io.keepup.node.NodeContext;
import io.keepup.node.NodeCounter;
import io.keepup.node.event.NodeClosingException;
import io.keepup.node.hosting.VolumeHost;
import io.keepup.node.kafka.ConsumerLoop;
import io.keepup.schemas.codec.UndecodableException;
import io.keepup.schemas.topic.Topics;
import io.keepup.service.failure.RepeatedFailureLog;
import io.keepup.v1.SyncAnswer;
import io.keepup.v1.SyncRequest;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.slf4j.LoggerFactory;

/** Hears the questions to this node's replicas and the answers to its primaries, from now on: old ones are worth nothing. */
public final class SyncInbox implements AutoCloseable {

    private static final RepeatedFailureLog failures = new RepeatedFailureLog(LoggerFactory.getLogger(SyncInbox.class));

    private final NodeContext context;
    private final VolumeHost host;
    private final byte[] key;
    private final ConsumerLoop loop;

    public SyncInbox(NodeContext context, VolumeHost host) {
        this.context = context;
        this.host = host;
        this.key = context.nodeId().getBytes(StandardCharsets.UTF_8);
        Consumer<byte[], ByteBuffer> consumer = context.kafka().syncConsumer();
        this.loop = new ConsumerLoop(
                context.tasks(), "keepup-%s-sync".formatted(context.nodeId()), consumer, this::turn, context.failure());
        try {
            List<TopicPartition> own = List.of(
                    ConsumerLoop.partitionOf(consumer, Topics.SYNC_REQUESTS, context.nodeId()),
                    ConsumerLoop.partitionOf(consumer, Topics.SYNC_ACKS, context.nodeId()));
            consumer.assign(own);
            consumer.seekToEnd(own);
            own.forEach(partition -> consumer.position(partition, ConsumerLoop.CALL));
        } catch (RuntimeException e) {
            loop.close();
            throw e;
        }
    }

    public void start() {
        loop.start();
    }

    private void turn(Consumer<byte[], ByteBuffer> consumer) {
        for (ConsumerRecord<byte[], ByteBuffer> record : consumer.poll(ConsumerLoop.POLL)) {
            hear(record);
        }
    }

    private void hear(ConsumerRecord<byte[], ByteBuffer> record) {
        if (!Arrays.equals(record.key(), key) || record.value() == null) {
            return;
        }
        try {
            dispatch(context.codec().decode(record));
        } catch (UndecodableException e) {
            context.metrics().count(NodeCounter.UNDECODABLE);
            failures.error(
                    "passed over",
                    "Record %s/%s passed over: %s".formatted(record.topic(), record.offset(), e.getMessage()));
        } catch (NodeClosingException e) {
            throw e;
        } catch (RuntimeException e) {
            context.metrics().count(NodeCounter.VOLUME_ERRORS);
            failures.error(
                    "sync", "Sync %s/%s failed: %s".formatted(record.topic(), record.offset(), e.getMessage()), e);
        }
    }

    private void dispatch(SpecificRecord sync) {
        switch (sync) {
            case SyncRequest request ->
                host.volume(request.getMeta().getVolumeId())
                        .flatMap(volume -> volume.replica())
                        .ifPresent(replica -> replica.asked(request));
            case SyncAnswer answer ->
                host.volume(answer.getMeta().getVolumeId())
                        .flatMap(volume -> volume.primary())
                        .ifPresent(primary -> primary.answered(answer));
            default -> {
                context.metrics().count(NodeCounter.UNDECODABLE);
                failures.error("no sync", sync.getSchema().getName() + " is no sync");
            }
        }
    }

    @Override
    public void close() {
        loop.close();
    }
}
