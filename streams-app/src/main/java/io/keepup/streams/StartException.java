package io.keepup.streams;

/** The Streams app cannot start: the message is one sentence that says what to do. Nothing is left running. */
public final class StartException extends RuntimeException {

    public StartException(String message) {
        super(message);
    }

    public StartException(String message, Throwable cause) {
        super(message, cause);
    }
}
