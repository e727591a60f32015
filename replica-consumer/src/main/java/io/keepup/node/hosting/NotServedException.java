package io.keepup.node.hosting;

/** The node does not serve this volume, or not in the role that was asked for; the message is one sentence. */
public final class NotServedException extends RuntimeException {

    /** Why; callers decide on it. */
    public enum Reason {
        UNKNOWN_VOLUME,
        NOT_PRIMARY,
        /** The shipper is not connected yet, so nothing is known of the WAL lane. */
        NOT_CONNECTED
    }

    private final Reason reason;

    public NotServedException(Reason reason, String message) {
        super(message);
        this.reason = reason;
    }

    public Reason reason() {
        return reason;
    }
}
