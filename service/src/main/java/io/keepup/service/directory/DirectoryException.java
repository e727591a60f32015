package io.keepup.service.directory;

/** A data directory cannot be used; nothing in it was changed. The message is one sentence: what, where, what to do. */
public final class DirectoryException extends RuntimeException {

    /** Why; code decides on this, never on the message. */
    public enum Reason {
        /** Another process, or another part of this one, has it. */
        IN_USE,
        /** It cannot be made, read or written. */
        UNUSABLE,
        /** Another format is in it, or something else altogether. */
        OTHER_FORMAT
    }

    private final Reason reason;

    DirectoryException(Reason reason, String message, Throwable cause) {
        super(message, cause);
        this.reason = reason;
    }

    public Reason reason() {
        return reason;
    }
}
