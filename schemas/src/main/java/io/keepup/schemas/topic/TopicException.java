package io.keepup.schemas.topic;

/** A topic could not be created, described or waited for; the message is one sentence. */
public final class TopicException extends RuntimeException {

    public TopicException(String message, Throwable cause) {
        super(message, cause);
    }
}
