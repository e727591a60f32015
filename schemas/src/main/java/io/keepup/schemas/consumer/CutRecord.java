package io.keepup.schemas.consumer;

import java.util.Iterator;
import java.util.StringJoiner;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;

/**
 * Says of a record that it was cut, and what it was. It travels as the record's first header, through Kafka Streams too; no
 * producer can forge it, for it is recognised by its class. A key that was cut is given as the bytes that are kept of it, a
 * value as no bytes at all, so that a reader which does not ask cannot take a part for the whole.
 *
 * @param keyPart of the key, null when it is whole
 * @param valuePart of the value, null when it is whole
 * @param headersPart of the headers, null when they are whole; those that are kept are still headers of the record
 */
public record CutRecord(Part keyPart, Part valuePart, Part headersPart) implements Header {

    /**
     * A part that was cut.
     *
     * @param bytes it had; of headers, those of their names and values
     * @param kept the first of them; none of headers
     * @param sha256 of all of them, in hex; of headers: of each name and value, both followed by their length in four bytes,
     *     big-endian, which is -1 for no value
     */
    public record Part(long bytes, byte[] kept, String sha256) {}

    /** What was cut of a record, null when it is whole. */
    public static CutRecord of(Headers headers) {
        Iterator<Header> all = headers.iterator();
        return all.hasNext() && all.next() instanceof CutRecord cut ? cut : null;
    }

    /** The headers of a record that was cut: this, and those that are kept. */
    Headers before(Iterable<Header> kept) {
        Headers headers = new RecordHeaders().add(this);
        kept.forEach(headers::add);
        return headers;
    }

    /** In words, as in {@code a value of 104857600 bytes}. */
    public String inWords() {
        StringJoiner words = new StringJoiner(" and ");
        words(words, "a key", keyPart);
        words(words, "a value", valuePart);
        words(words, "headers", headersPart);
        return words.toString();
    }

    private static void words(StringJoiner into, String what, Part part) {
        if (part != null) {
            into.add("%s of %s bytes".formatted(what, part.bytes));
        }
    }

    @Override
    public String key() {
        return "keepup_cut";
    }

    /** Null: what there is to say is in the other methods. */
    @Override
    public byte[] value() {
        return null;
    }
}
