package io.keepup.cli;

import io.keepup.schemas.codec.RecordCodec;
import io.keepup.schemas.codec.UndecodableException;
import java.io.PrintStream;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/**
 * What somebody else put on Keepup's topics: passed over, so that one such record does not take all volumes from their
 * operator, and reported at the end, once for each topic.
 */
final class ForeignRecords implements AutoCloseable {

    private final RecordCodec codec;
    private final PrintStream notes;
    private final SortedMap<String, Passed> topics = new TreeMap<>();

    private record Passed(long count, String first) {}

    ForeignRecords(RecordCodec codec, PrintStream notes) {
        this.codec = codec;
        this.notes = notes;
    }

    /** The record, when it is one of that type; a record without a value is for the caller to deal with. */
    <T extends SpecificRecord> Optional<T> decode(ConsumerRecord<byte[], byte[]> record, Class<T> type) {
        try {
            SpecificRecord decoded = codec.decode(record);
            if (type.isInstance(decoded)) {
                return Optional.of(type.cast(decoded));
            }
            pass(record, "it is a " + decoded.getSchema().getName());
        } catch (UndecodableException e) {
            pass(record, e.getMessage());
        }
        return Optional.empty();
    }

    private void pass(ConsumerRecord<byte[], byte[]> record, String why) {
        String first = "at %s:%s, %s".formatted(record.partition(), record.offset(), why);
        topics.merge(
                record.topic(), new Passed(1, first), (before, more) -> new Passed(before.count + 1, before.first));
    }

    @Override
    public void close() {
        topics.forEach(
                (topic, passed) -> notes.println("note: passed over %s record%s of %s that cannot be read, the first %s"
                        .formatted(passed.count, passed.count == 1 ? "" : "s", topic, passed.first)));
        topics.clear();
    }
}
