package io.keepup.streams.fold;

import io.keepup.schemas.codec.CloudEventHeaders;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;

/**
 * Headers of the records that the fold sends: CloudEvents, then the cause. Of eight only the id is of one record alone; the
 * others are made once for all that follows from one event, or once for ever. Not thread-safe.
 */
final class OutputHeaders {

    private final Header source;
    private final Map<String, Header> types = new HashMap<>();
    private SourceRecord lastCause;
    private List<Header> lastCauseHeaders;
    private Instant lastTime;
    private Header lastTimeHeader;

    /** @param source who decided: {@code engine/<policy>} */
    OutputHeaders(String source) {
        this.source = CloudEventHeaders.source(source);
    }

    /** @param type full name of the record */
    Headers of(SourceRecord cause, String type, String id, Instant time) {
        List<Header> causedBy = causedBy(cause);
        return new RecordHeaders(new Header[] {
            CloudEventHeaders.id(id),
            types.computeIfAbsent(type, CloudEventHeaders::type),
            source,
            time(time),
            CloudEventHeaders.SPEC_1_0,
            causedBy.get(0),
            causedBy.get(1),
            causedBy.get(2)
        });
    }

    private List<Header> causedBy(SourceRecord cause) {
        if (cause != lastCause) {
            lastCause = cause;
            lastCauseHeaders = CloudEventHeaders.causedBy(cause.topic(), cause.partition(), cause.offset());
        }
        return lastCauseHeaders;
    }

    private Header time(Instant time) {
        if (!time.equals(lastTime)) {
            lastTime = time;
            lastTimeHeader = CloudEventHeaders.time(time);
        }
        return lastTimeHeader;
    }
}
