package io.keepup.streams.state;

/** The state store holds no state that this build can go on from; the message is one sentence. */
public final class StateException extends RuntimeException {

    public StateException(String message) {
        super(message);
    }

    StateException(String message, Throwable cause) {
        super(message, cause);
    }
}
