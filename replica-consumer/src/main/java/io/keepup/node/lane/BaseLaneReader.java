package io.keepup.node.lane;

import io.keepup.node.NodeContext;
import io.keepup.node.NodeCounter;
import io.keepup.schemas.codec.UndecodableException;
import io.keepup.service.failure.RepeatedFailureLog;
import io.keepup.v1.BaseChunk;
import io.keepup.v1.BaseEnd;
import io.keepup.v1.BaseManifest;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.slf4j.LoggerFactory;

/**
 * The base lane as one session sees it: its own manifest, chunks and end, fetched and decoded a few fetches ahead; other
 * sessions' records are not even decoded. Used by one task at a time.
 */
public final class BaseLaneReader implements AutoCloseable {

    private static final RepeatedFailureLog failures =
            new RepeatedFailureLog(LoggerFactory.getLogger(BaseLaneReader.class));
    private static final int FETCHES_AHEAD = 2;
    /** So many a poll, of 1 MiB mostly: a fetch has as many when it is not compressed. */
    private static final int RECORDS = 8;

    private static final Duration FETCH = Duration.ofMillis(200);

    /** A record of the session and how long its bytes are. */
    public record Received(SpecificRecord record, int bytes) {}

    private final NodeContext context;
    private final byte[] key;
    private final long sessionId;
    private final long epoch;
    private final Consumer<byte[], ByteBuffer> consumer;
    private final ReadAhead<List<Received>> ahead;
    private List<Received> polled = List.of();
    private int next;

    /**
     * Reads from the lane's first record: the manifest may have come before the command.
     *
     * @param task name of the reading task; the fetching one's begins with it
     */
    public BaseLaneReader(NodeContext context, String task, String volumeId, long sessionId, long epoch) {
        this.context = context;
        this.sessionId = sessionId;
        this.epoch = epoch;
        this.key = String.valueOf(sessionId).getBytes(StandardCharsets.UTF_8);
        this.consumer = context.kafka().laneConsumer("base-" + volumeId, "earliest", RECORDS);
        TopicPartition lane = LaneTopics.base(volumeId);
        consumer.assign(List.of(lane));
        consumer.seekToBeginning(List.of(lane));
        this.ahead = new ReadAhead<>(
                context.tasks(),
                task + "-base-fetch",
                FETCHES_AHEAD,
                this::fetch,
                () -> consumer.close(CloseOptions.timeout(Duration.ZERO)));
    }

    private Optional<List<Received>> fetch() {
        List<Received> records = new ArrayList<>();
        for (ConsumerRecord<byte[], ByteBuffer> record : consumer.poll(FETCH)) {
            if (Arrays.equals(record.key(), key)) {
                decode(record, records);
            }
        }
        return records.isEmpty() ? Optional.empty() : Optional.of(records);
    }

    /** The next record, in order; waits at most {@code wait} for one. */
    public Optional<Received> poll(Duration wait) {
        if (next == polled.size()) {
            polled = ahead.poll(wait).orElse(List.of());
            next = 0;
        }
        return polled.isEmpty() ? Optional.empty() : Optional.of(polled.get(next++));
    }

    private void decode(ConsumerRecord<byte[], ByteBuffer> record, List<Received> records) {
        String why;
        try {
            SpecificRecord value =
                    record.value() == null ? null : context.codec().decode(record.value());
            if (isOfSession(value)) {
                records.add(new Received(value, record.serializedValueSize()));
                return;
            }
            context.metrics().count(NodeCounter.STALE_SESSION);
            why = "it is not of session %s, epoch %s".formatted(sessionId, epoch);
        } catch (UndecodableException e) {
            context.metrics().count(NodeCounter.UNDECODABLE);
            why = e.getMessage();
        }
        failures.error("passed over", "Record %s/%s passed over: %s".formatted(record.topic(), record.offset(), why));
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

    @Override
    public void close() {
        ahead.close(consumer::wakeup);
    }
}
