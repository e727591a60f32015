package io.keepup.node.event;

/** A record cannot be published and retrying cannot help; the message says why. */
public final class PublishException extends RuntimeException {

    public PublishException(String message, Throwable cause) {
        super(message, cause);
    }
}
