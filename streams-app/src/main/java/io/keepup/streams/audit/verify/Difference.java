package io.keepup.streams.audit.verify;

import io.keepup.streams.audit.Place;
import java.util.List;

/**
 * One record by which the topics differ from the replay.
 *
 * @param volumeId the volume it speaks of, empty when it speaks of none
 * @param topic where it lies, or should lie
 * @param place where it lies; null when it is missing
 * @param cause offset of the event it says it follows from, or should; -1 when it names none
 * @param type record type; empty when the bytes are no record
 * @param key of the record, as text
 * @param id {@code ce_id}; empty when it has none
 * @param ofVersion another engine wrote it, or what it builds on: the rules may have changed, not the facts
 * @param version of the engine that wrote it, -1 when that is not told
 * @param details what differs, field by field
 */
public record Difference(
        Kind kind,
        String volumeId,
        String topic,
        Place place,
        long cause,
        String type,
        String key,
        String id,
        boolean ofVersion,
        int version,
        List<Detail> details) {

    /** How the record differs. */
    public enum Kind {
        /** It should be there and is not. */
        MISSING,
        /** It follows from no event. */
        EXTRA,
        /** It is there once more. */
        DOUBLED,
        /** It is there with other content. */
        ALTERED
    }

    /** One field, header or other part; texts are as short as they can be shown. */
    public record Detail(String what, String onTopic, String byReplay) {}
}
