package io.keepup.node.event;

/** A record could not be published and retrying cannot help, or the node is closing; the message says which. */
public final class PublishException extends RuntimeException {

    public PublishException(String message, Throwable cause) {
        super(message, cause);
    }
}
