package io.keepup.embedded.registry;

import org.apache.avro.Schema;

/**
 * One version of a subject.
 *
 * @param version 1, 2, 3 … within the subject
 * @param id of the schema, the same under every subject
 * @param text the schema in canonical form: parsed and printed by Avro
 * @param deleted softly: out of sight, its number and id still taken
 */
record SchemaVersion(String subject, int version, int id, String text, Schema parsed, boolean deleted) {

    SchemaVersion asDeleted() {
        return new SchemaVersion(subject, version, id, text, parsed, true);
    }
}
