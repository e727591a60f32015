package io.keepup.streams.mapping;

/** A field holds a word of a later version: the event cannot be understood. The message is one sentence. */
public final class UnknownWordException extends Exception {

    UnknownWordException(String field) {
        super("field %s holds a word that this version does not know".formatted(field));
    }
}
