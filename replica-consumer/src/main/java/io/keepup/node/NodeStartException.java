package io.keepup.node;

/** A node cannot start; the message is one sentence: what, where, what to do. Nothing is left running. */
public final class NodeStartException extends RuntimeException {

    public NodeStartException(String message) {
        super(message);
    }

    public NodeStartException(String message, Throwable cause) {
        super(message, cause);
    }
}
