package io.keepup.schemas.registry;

import org.apache.avro.Schema;

/**
 * The part of a Confluent schema registry that Keepup needs. Implementations are thread-safe and cache: an id does not
 * change its meaning, unless somebody wipes the registry and registers everything anew ({@link #generation()}).
 */
public interface SchemaRegistry {

    /** Subject of a record type on a topic (TopicRecordNameStrategy). */
    static String subject(String topic, Schema schema) {
        return topic + "-" + schema.getFullName();
    }

    /**
     * Id of a schema that is registered under a subject.
     *
     * @throws RegistryException when the subject does not hold the schema, or the registry cannot be reached
     */
    int idOf(String subject, Schema schema);

    /**
     * The schema of an id.
     *
     * @throws UnknownSchemaException when the registry does not know the id
     * @throws RegistryException when the registry cannot be reached
     */
    Schema byId(int id);

    /**
     * Higher than before once an id that was given out is no longer the schema's: whoever keeps ids or schemas asks again
     * for all of them.
     */
    default int generation() {
        return 0;
    }

    /**
     * Registers a schema, or finds it registered already.
     *
     * @throws RegistryException when it is refused as incompatible, or the registry cannot be reached
     */
    int register(String subject, Schema schema);
}
