package io.keepup.streams.audit;

import io.keepup.schemas.consumer.CutRecord;
import io.keepup.service.text.OneLine;
import java.nio.charset.StandardCharsets;
import org.apache.kafka.common.header.Headers;

/** Keys and ids as they are shown: whatever anybody put there, a short piece of one line. */
public final class KeyText {

    /** As long as an id of Keepup's may be, characters. */
    private static final int LONGEST = 100;

    private static final int SHOWN = 40;

    private KeyText() {}

    /** The key of a record; empty when it has none. */
    public static String of(byte[] key, Headers headers) {
        if (key == null) {
            return "";
        }
        CutRecord cut = CutRecord.of(headers);
        long bytes = cut == null || cut.keyPart() == null
                ? key.length
                : cut.keyPart().bytes();
        return cut(new String(key, StandardCharsets.UTF_8), bytes + " bytes");
    }

    /** An id, or what stands in its place. */
    public static String of(String id) {
        return cut(id, id.length() + " characters");
    }

    private static String cut(String text, String length) {
        return OneLine.printable(OneLine.cut(text, LONGEST, SHOWN, length));
    }
}
