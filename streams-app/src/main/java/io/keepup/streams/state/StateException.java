package io.keepup.streams.state;

/** The state store holds bytes that are no state this build can read; the message is one sentence. */
public final class StateException extends RuntimeException {

    StateException(String message) {
        super(message);
    }

    StateException(String message, Throwable cause) {
        super(message, cause);
    }
}
