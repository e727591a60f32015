package io.keepup.node.lane;

/** The lane no longer holds what the reader needs next: retention or a trim took it. */
public final class LaneLostException extends RuntimeException {

    public LaneLostException(String message) {
        super(message);
    }

    public LaneLostException(String message, Throwable cause) {
        super(message, cause);
    }
}
