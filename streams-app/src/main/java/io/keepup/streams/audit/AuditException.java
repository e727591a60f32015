package io.keepup.streams.audit;

/** An audit cannot be carried through; the message is one sentence with what, where and what to do. */
public final class AuditException extends RuntimeException {

    public AuditException(String message) {
        super(message);
    }

    public AuditException(String message, Throwable cause) {
        super(message, cause);
    }
}
