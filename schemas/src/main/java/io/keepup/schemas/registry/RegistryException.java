package io.keepup.schemas.registry;

/** The registry refused or could not be reached; the message is one sentence that says what to do. */
public class RegistryException extends RuntimeException {

    public RegistryException(String message) {
        super(message);
    }

    public RegistryException(String message, Throwable cause) {
        super(message, cause);
    }
}
