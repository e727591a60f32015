package io.keepup.schemas.topic;

/**
 * How large the parts of a record may be that a reader of a topic is given whole. What is larger is cut: a broker limits
 * batches by their compressed size alone, and some kilobytes can be gigabytes when they are decompressed. What is cut, and
 * what is kept of it, follows from the bounds alone, so a replay sees what the fold saw.
 *
 * @param key bytes of the largest key; as many are kept of a larger one
 * @param value bytes of the largest value
 * @param headers bytes of all headers together: of their names and values, and {@value #EACH_HEADER} for each
 */
public record RecordBounds(int key, int value, int headers) {

    /** What a header takes in memory beside its name and value, bytes: a million empty ones are not nothing. */
    public static final int EACH_HEADER = 32;

    /** Bytes that are kept of a value that is cut. */
    public static final int KEPT_VALUE = 64 << 10;

    private static final int KEY = 4 << 10;
    private static final int HEADERS = 64 << 10;

    /** The bounds of a topic with values of that many bytes; keys and headers have the same ones on all topics. */
    static RecordBounds ofValues(int bytes) {
        return new RecordBounds(KEY, bytes, HEADERS);
    }
}
