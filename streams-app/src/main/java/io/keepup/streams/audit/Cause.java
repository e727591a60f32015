package io.keepup.streams.audit;

import io.keepup.schemas.codec.CloudEventHeaders;
import io.keepup.schemas.topic.Topics;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.Headers;

/** The event that an output says it was caused by. */
public record Cause(int partition, long offset) {

    /** What the headers say; empty when they do not name an event. */
    public static Optional<Cause> of(Headers headers) {
        String topic = text(headers, CloudEventHeaders.CAUSE_TOPIC);
        String partition = text(headers, CloudEventHeaders.CAUSE_PARTITION);
        String offset = text(headers, CloudEventHeaders.CAUSE_OFFSET);
        if (!Topics.EVENTS.equals(topic) || !isNumber(partition, 9) || !isNumber(offset, 18)) {
            return Optional.empty();
        }
        return Optional.of(new Cause(Integer.parseInt(partition), Long.parseLong(offset)));
    }

    /** The text of a header; null when there is none. */
    public static String text(Headers headers, String name) {
        Header header = headers.lastHeader(name);
        return header == null || header.value() == null ? null : new String(header.value(), StandardCharsets.UTF_8);
    }

    private static boolean isNumber(String text, int digits) {
        return text != null
                && !text.isEmpty()
                && text.length() <= digits
                && text.chars().allMatch(c -> c >= '0' && c <= '9');
    }
}
