package io.keepup.schemas.codec;

import io.keepup.v1.Meta;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeader;

/**
 * CloudEvents headers (binary mode), so that consumers that know nothing of Avro can route and correlate. Outputs of the
 * fold also name the record that caused them.
 */
public final class CloudEventHeaders {

    public static final String ID = "ce_id";
    public static final String TYPE = "ce_type";
    public static final String SOURCE = "ce_source";
    public static final String TIME = "ce_time";
    public static final String SPEC_VERSION = "ce_specversion";
    public static final String CAUSE_TOPIC = "keepup_cause_topic";
    public static final String CAUSE_PARTITION = "keepup_cause_partition";
    public static final String CAUSE_OFFSET = "keepup_cause_offset";

    /** The version of CloudEvents that all records are described by. */
    public static final Header SPEC_1_0 = header(SPEC_VERSION, "1.0");

    private CloudEventHeaders() {}

    /** Headers of a record that carries a meta; the type is the full name of the record. */
    public static List<Header> of(String type, Meta meta) {
        return of(type, meta.getEventId(), meta.getSource(), meta.getOccurredAt());
    }

    public static List<Header> of(String type, String id, String source, Instant time) {
        List<Header> headers = new ArrayList<>(8);
        headers.add(id(id));
        headers.add(type(type));
        headers.add(source(source));
        headers.add(time(time));
        headers.add(SPEC_1_0);
        return headers;
    }

    /** One of the headers of {@link #of}, for who says the same of many records: none of them ever changes. */
    public static Header id(String id) {
        return header(ID, id);
    }

    public static Header type(String type) {
        return header(TYPE, type);
    }

    public static Header source(String source) {
        return header(SOURCE, "/keepup/" + source);
    }

    public static Header time(Instant time) {
        return header(TIME, time.toString());
    }

    /** The input record an output was caused by. */
    public static List<Header> causedBy(String topic, int partition, long offset) {
        return List.of(
                header(CAUSE_TOPIC, topic),
                header(CAUSE_PARTITION, String.valueOf(partition)),
                header(CAUSE_OFFSET, String.valueOf(offset)));
    }

    private static Header header(String name, String value) {
        return new RecordHeader(name, value.getBytes(StandardCharsets.UTF_8));
    }
}
