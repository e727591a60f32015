package io.keepup.cli;

import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/**
 * A moment on the log of one partition.
 *
 * @param partition -1 when not said
 * @param offset the last one that counts, -1 when a time is said
 * @param time what Kafka got later does not count; null when an offset is said
 */
record Until(int partition, long offset, Instant time) {

    private static final Pattern OFFSET = Pattern.compile("(?:(\\d{1,6}):)?(\\d{1,18})");

    /** Reads {@code 4711}, {@code 2:4711}, {@code 2026-03-01T14:03:11} in UTC, and times with their offset from it. */
    static final class Form implements ITypeConverter<Until> {
        @Override
        public Until convert(String text) {
            Matcher offset = OFFSET.matcher(text);
            if (offset.matches()) {
                int partition = offset.group(1) == null ? -1 : Integer.parseInt(offset.group(1));
                return new Until(partition, Long.parseLong(offset.group(2)), null);
            }
            return time(text)
                    .map(time -> new Until(-1, -1, time))
                    .orElseThrow(
                            () -> new TypeConversionException(
                                    "'" + text
                                            + "' is no moment: write an offset like 4711 or 2:4711, or a time like 2026-03-01T14:03:11"));
        }

        /** The time in a text, in UTC or with its offset from it; empty when it is none. */
        static Optional<Instant> time(String text) {
            try {
                return Optional.of(OffsetDateTime.parse(text).toInstant());
            } catch (DateTimeException e) {
                try {
                    return Optional.of(LocalDateTime.parse(text).toInstant(ZoneOffset.UTC));
                } catch (DateTimeException alsoNot) {
                    return Optional.empty();
                }
            }
        }
    }

    /** Whether a record still counts. */
    boolean includes(ConsumerRecord<?, ?> record) {
        return time == null
                ? record.offset() <= offset
                : !Instant.ofEpochMilli(record.timestamp()).isAfter(time);
    }
}
