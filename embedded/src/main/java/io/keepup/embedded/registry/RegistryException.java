package io.keepup.embedded.registry;

/** A request the registry answers with an error: HTTP status and the REST API's own code. */
final class RegistryException extends RuntimeException {

    /** The REST API's errors; the HTTP status is the code's first three digits. */
    enum Code {
        BAD_REQUEST(400),
        NOT_FOUND(404),
        INCOMPATIBLE(409),
        SUBJECT_NOT_FOUND(40401),
        VERSION_NOT_FOUND(40402),
        SCHEMA_NOT_FOUND(40403),
        SUBJECT_SOFT_DELETED(40404),
        SUBJECT_NOT_SOFT_DELETED(40405),
        VERSION_SOFT_DELETED(40406),
        VERSION_NOT_SOFT_DELETED(40407),
        LEVEL_NOT_CONFIGURED(40408),
        MODE_NOT_CONFIGURED(40409),
        INVALID_SCHEMA(42201),
        INVALID_VERSION(42202),
        INVALID_LEVEL(42203),
        SCHEMA_TOO_LARGE(42209),
        INTERNAL(500),
        STORE(50001);

        private final int number;

        Code(int number) {
            this.number = number;
        }

        /** As in the answer's {@code error_code}. */
        int number() {
            return number;
        }

        int httpStatus() {
            return number < 1000 ? number : number / 100;
        }
    }

    private final Code code;

    RegistryException(Code code, String message) {
        this(code, message, null);
    }

    RegistryException(Code code, String message, Throwable cause) {
        super(message, cause);
        this.code = code;
    }

    Code code() {
        return code;
    }

    static RegistryException subjectNotFound(String subject) {
        return new RegistryException(Code.SUBJECT_NOT_FOUND, "Subject '%s' not found.".formatted(subject));
    }

    static RegistryException versionNotFound(Object version) {
        return new RegistryException(Code.VERSION_NOT_FOUND, "Version %s not found.".formatted(version));
    }
}
