package io.keepup.node.lane;

import io.keepup.node.NodeContext;
import io.keepup.node.NodeCounter;
import io.keepup.schemas.codec.UndecodableException;
import io.keepup.v1.BaseChunk;
import io.keepup.v1.BaseEnd;
import io.keepup.v1.BaseManifest;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The base lane as one session sees it: its own manifest, chunks and end; other sessions' records are not even decoded. */
public final class BaseLaneReader implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(BaseLaneReader.class);

    private final NodeContext context;
    private final byte[] key;
    private final long sessionId;
    private final long epoch;
    private final Consumer<byte[], byte[]> consumer;
    private long bytes;

    /** Reads from the lane's first record: the manifest may have come before the command. */
    public BaseLaneReader(NodeContext context, String volumeId, long sessionId, long epoch) {
        this.context = context;
        this.sessionId = sessionId;
        this.epoch = epoch;
        this.key = String.valueOf(sessionId).getBytes(StandardCharsets.UTF_8);
        this.consumer = context.kafka().laneConsumer("base-" + volumeId, "earliest");
        TopicPartition lane = LaneTopics.base(volumeId);
        consumer.assign(List.of(lane));
        consumer.seekToBeginning(List.of(lane));
    }

    /** What has come since the last call, in order; waits at most {@code wait} for something. */
    public List<SpecificRecord> poll(Duration wait) {
        List<SpecificRecord> records = new ArrayList<>();
        for (ConsumerRecord<byte[], byte[]> record : consumer.poll(wait)) {
            if (Arrays.equals(record.key(), key)) {
                bytes += record.serializedValueSize();
                decode(record, records);
            }
        }
        return records;
    }

    private void decode(ConsumerRecord<byte[], byte[]> record, List<SpecificRecord> records) {
        String why;
        try {
            SpecificRecord value =
                    record.value() == null ? null : context.codec().decode(record.value());
            if (isOfSession(value)) {
                records.add(value);
                return;
            }
            context.metrics().count(NodeCounter.STALE_SESSION);
            why = "it is not of session %d, epoch %d".formatted(sessionId, epoch);
        } catch (UndecodableException e) {
            context.metrics().count(NodeCounter.UNDECODABLE);
            why = e.getMessage();
        }
        log.error("Record {}/{} passed over: {}", record.topic(), record.offset(), why);
    }

    private boolean isOfSession(SpecificRecord value) {
        if (value == null) {
            return false;
        }
        return switch (value) {
            case BaseChunk chunk -> chunk.getSessionId() == sessionId && chunk.getEpoch() == epoch;
            case BaseManifest manifest -> manifest.getSessionId() == sessionId && manifest.getEpoch() == epoch;
            case BaseEnd end -> end.getSessionId() == sessionId && end.getEpoch() == epoch;
            default -> false;
        };
    }

    /** Bytes of this session's records received. */
    public long bytes() {
        return bytes;
    }

    @Override
    public void close() {
        consumer.close(CloseOptions.timeout(Duration.ZERO));
    }
}
