package io.keepup.cli;

/** A command cannot do what was asked; the message is one sentence with what, where and what to do. */
public final class Failure extends RuntimeException {

    public Failure(String message) {
        super(message);
    }

    public Failure(String message, Throwable cause) {
        super(message, cause);
    }
}
