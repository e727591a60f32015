package io.keepup.node.sync;

import io.keepup.node.NodeContext;
import io.keepup.node.NodeCounter;
import io.keepup.node.event.NodeClosingException;
import io.keepup.node.hosting.VolumeHost;
import io.keepup.schemas.codec.UndecodableException;
import io.keepup.schemas.topic.KeyPartitions;
import io.keepup.schemas.topic.Topics;
import io.keepup.v1.SyncAnswer;
import io.keepup.v1.SyncRequest;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.WakeupException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Hears the questions to this node's replicas and the answers to its primaries, from now on: old ones are worth nothing. */
public final class SyncInbox implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(SyncInbox.class);
    private static final Duration POLL = Duration.ofMillis(500);
    private static final Duration CALL = Duration.ofSeconds(10);
    private static final long RETRY_MS = 500;

    private final NodeContext context;
    private final VolumeHost host;
    private final Consumer<byte[], byte[]> consumer;
    private final byte[] key;
    private final Thread thread;
    private final CountDownLatch closing = new CountDownLatch(1);

    public SyncInbox(NodeContext context, VolumeHost host) {
        this.context = context;
        this.host = host;
        this.consumer = context.kafka().syncConsumer();
        this.key = context.nodeId().getBytes(StandardCharsets.UTF_8);
        List<TopicPartition> own = List.of(own(Topics.SYNC_REQUESTS), own(Topics.SYNC_ACKS));
        consumer.assign(own);
        consumer.seekToEnd(own);
        own.forEach(partition -> consumer.position(partition, CALL));
        this.thread = Thread.ofPlatform()
                .name("keepup-%s-sync".formatted(context.nodeId()))
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
                    for (ConsumerRecord<byte[], byte[]> record : consumer.poll(POLL)) {
                        hear(record);
                    }
                } catch (WakeupException e) {
                    // closing
                } catch (RuntimeException e) {
                    log.error("Syncs cannot be read, trying again", e);
                    closing.await(RETRY_MS, TimeUnit.MILLISECONDS);
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            consumer.close(CloseOptions.timeout(Duration.ZERO));
        }
    }

    private void hear(ConsumerRecord<byte[], byte[]> record) {
        if (!Arrays.equals(record.key(), key) || record.value() == null) {
            return;
        }
        try {
            dispatch(context.codec().decode(record.value()));
        } catch (UndecodableException e) {
            context.metrics().count(NodeCounter.UNDECODABLE);
            log.error("Record {}/{} passed over: {}", record.topic(), record.offset(), e.getMessage());
        } catch (NodeClosingException e) {
            log.debug("A sync came too late", e);
        } catch (RuntimeException e) {
            context.metrics().count(NodeCounter.VOLUME_ERRORS);
            log.error("Sync {}/{} failed: {}", record.topic(), record.offset(), e.getMessage(), e);
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
                log.error("{} is no sync", sync.getSchema().getName());
            }
        }
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
