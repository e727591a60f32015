package io.keepup.service.http;

import java.util.Set;

/** A request that makes no sense; nothing was done. The message is one sentence for whoever sent it. */
public final class RequestException extends RuntimeException {

    /** What is wrong; a closed list. */
    public enum Kind {
        /** A part of it is not what it must be. */
        BAD_REQUEST(400),
        /** There is nothing at its path. */
        NOT_FOUND(404),
        /** Its path does not have its method. */
        METHOD_NOT_ALLOWED(405),
        /** Its body is too large. */
        TOO_LARGE(413);

        private final int status;

        Kind(int status) {
            this.status = status;
        }

        /** The HTTP status. */
        public int status() {
            return status;
        }
    }

    private final Kind kind;
    private final Set<String> allowed;

    public RequestException(Kind kind, String message) {
        this(kind, message, null);
    }

    public RequestException(Kind kind, String message, Throwable cause) {
        this(kind, message, cause, Set.of());
    }

    private RequestException(Kind kind, String message, Throwable cause, Set<String> allowed) {
        super(message, cause);
        this.kind = kind;
        this.allowed = allowed;
    }

    static RequestException methodNotAllowed(String method, Set<String> allowed) {
        return new RequestException(
                Kind.METHOD_NOT_ALLOWED,
                "%s is not for this path: use %s".formatted(method, String.join(" or ", allowed)),
                null,
                allowed);
    }

    public Kind kind() {
        return kind;
    }

    /** The methods of the path, when its own is not one of them; else empty. */
    Set<String> allowed() {
        return allowed;
    }

    /** As {@link Kind#BAD_REQUEST}. */
    public static RequestException bad(String message) {
        return new RequestException(Kind.BAD_REQUEST, message);
    }
}
