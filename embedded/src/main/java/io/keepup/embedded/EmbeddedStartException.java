package io.keepup.embedded;

/**
 * The embedded broker, registry or cluster could not start. The message is one sentence for people: what, where, and what
 * to do about it. Nothing is left running, and nothing on disk was changed for every reason but {@link Reason#FAILED}.
 */
public final class EmbeddedStartException extends RuntimeException {

    /** Why it could not start; code decides on this, never on the message. */
    public enum Reason {
        /** Another program listens on the wanted port. */
        PORT_IN_USE,
        /** Another start, in this or another process, holds the data directory. */
        DIRECTORY_IN_USE,
        /** The data directory cannot be made, read or written. */
        DIRECTORY_UNUSABLE,
        /** The data directory was written by another format version, or holds something else altogether. */
        OTHER_VERSION,
        /** No broker answers at the bootstrap address (registry only). */
        BROKER_UNREACHABLE,
        /** Anything else: the cause tells. */
        FAILED
    }

    private final Reason reason;

    public EmbeddedStartException(Reason reason, String message) {
        this(reason, message, null);
    }

    public EmbeddedStartException(Reason reason, String message, Throwable cause) {
        super(message, cause);
        this.reason = reason;
    }

    /** Why it could not start. */
    public Reason reason() {
        return reason;
    }
}
