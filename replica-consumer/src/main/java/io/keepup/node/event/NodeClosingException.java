package io.keepup.node.event;

/** The node closes and publishes nothing more; no failure, the work that meets it just ends. */
public final class NodeClosingException extends RuntimeException {

    public NodeClosingException(String message) {
        super(message);
    }
}
