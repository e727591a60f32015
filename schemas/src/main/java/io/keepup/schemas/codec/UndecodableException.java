package io.keepup.schemas.codec;

/** Bytes that are no record of ours; the message is one sentence. A verdict on the input, not a failure of the reader. */
public final class UndecodableException extends Exception {

    public UndecodableException(String message) {
        super(message);
    }

    public UndecodableException(String message, Throwable cause) {
        super(message, cause);
    }
}
