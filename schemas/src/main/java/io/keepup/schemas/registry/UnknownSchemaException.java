package io.keepup.schemas.registry;

/** The registry answered that it has no schema of this id: the record was never written by a lawful producer. */
public final class UnknownSchemaException extends RegistryException {

    public UnknownSchemaException(int id) {
        super("schema id " + id + " is not in the registry");
    }
}
