package io.keepup.cli;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.keepup.schemas.codec.RecordCodec;
import io.keepup.schemas.codec.RecordJson;
import io.keepup.schemas.codec.UndecodableException;
import io.keepup.v1.Rejected;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/** The records of one volume as lines, each event together with the guard's refusal where there was one. */
final class EventLines {

    private static final DateTimeFormatter TIME =
            DateTimeFormatter.ofPattern("HH:mm:ss.SSS", Locale.ROOT).withZone(ZoneOffset.UTC);

    private final byte[] key;
    private final RecordCodec codec;
    private final ForeignRecords foreign;
    private final boolean json;
    private final Map<Long, Rejected> refusals = new HashMap<>();

    EventLines(String volumeId, RecordCodec codec, ForeignRecords foreign, boolean json) {
        this.foreign = foreign;
        this.key = volumeId.getBytes(StandardCharsets.UTF_8);
        this.codec = codec;
        this.json = json;
    }

    /** Keeps a refusal for when its event comes. */
    void remember(ConsumerRecord<byte[], byte[]> record) {
        rejected(record).ifPresent(r -> refusals.put(r.getOffset(), r));
    }

    /** Line of an event; empty when it is another volume's. */
    Optional<String> event(ConsumerRecord<byte[], byte[]> record) {
        if (!Arrays.equals(record.key(), key)) {
            return Optional.empty();
        }
        Rejected refusal = refusals.remove(record.offset());
        SpecificRecord event = null;
        String type = "(null value)";
        String text = "";
        try {
            if (record.value() != null) {
                event = codec.decode(record);
                type = event.getSchema().getName();
                text = EventText.of(event);
            }
        } catch (UndecodableException e) {
            type = "(undecodable)";
            text = e.getMessage();
        }
        return Optional.of(
                json
                        ? json(record, type, event, refusal)
                        : line(record.timestamp(), record.offset(), type, text + suffix(refusal)));
    }

    /** Line of a refusal that was read after its event; empty when it is another volume's. */
    Optional<String> rejection(ConsumerRecord<byte[], byte[]> record) {
        return rejected(record)
                .map(r -> json
                        ? JsonNodeFactory.instance
                                .objectNode()
                                .put("partition", r.getPartition())
                                .put("offset", r.getOffset())
                                .put("rejected", r.getReason().toString())
                                .put("detail", r.getDetail())
                                .toString()
                        : line(record.timestamp(), r.getOffset(), "(rejected)", r.getReason() + ": " + r.getDetail()));
    }

    private Optional<Rejected> rejected(ConsumerRecord<byte[], byte[]> record) {
        if (!Arrays.equals(record.key(), key)) {
            return Optional.empty();
        }
        return foreign.decode(record, Rejected.class);
    }

    private static String suffix(Rejected refusal) {
        return refusal == null ? "" : "  ✗ %s: %s".formatted(refusal.getReason(), refusal.getDetail());
    }

    private static String line(long timestamp, long offset, String type, String text) {
        return String.format(
                        Locale.ROOT,
                        "%s %6d %-19s %s",
                        TIME.format(Instant.ofEpochMilli(timestamp)),
                        offset,
                        type,
                        text)
                .stripTrailing();
    }

    private static String json(
            ConsumerRecord<byte[], byte[]> record, String type, SpecificRecord event, Rejected refusal) {
        ObjectNode line = JsonNodeFactory.instance
                .objectNode()
                .put("partition", record.partition())
                .put("offset", record.offset())
                .put("type", type);
        line.set("event", event == null ? null : RecordJson.of(event));
        return line.put("rejected", refusal == null ? null : refusal.getReason().toString())
                .put("detail", refusal == null ? null : refusal.getDetail())
                .toString();
    }
}
