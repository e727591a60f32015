package io.keepup.embedded.registry;

import org.apache.avro.Schema;

/** A change of the registry, as one record of its topic. The registry's state is the fold of these. */
sealed interface RegistryRecord {

    /** A version of a subject, new or with its deleted mark set. */
    record VersionStored(SchemaVersion version) implements RegistryRecord {
        static VersionStored of(String subject, int version, int id, Schema schema) {
            return new VersionStored(new SchemaVersion(subject, version, id, schema.toString(), schema, false));
        }
    }

    /** A version is gone for good. */
    record VersionErased(String subject, int version) implements RegistryRecord {}

    /** All versions up to this one are softly deleted, and the subject's own level is dropped. */
    record SubjectDeleted(String subject, int upToVersion) implements RegistryRecord {}

    /** The level of a subject, or of all when the subject is null; null takes the level away. */
    record LevelSet(String subject, CompatibilityLevel level) implements RegistryRecord {}

    /**
     * Ids up to this one were given out. Written before versions are erased: data on topics may still carry their ids, so
     * these must never mean another schema.
     */
    record IdsUsed(int highest) implements RegistryRecord {}

    /** Says nothing; its place in the topic does. */
    record Noop() implements RegistryRecord {}
}
