package io.keepup.embedded.registry;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.avro.Schema;
import org.apache.avro.SchemaCompatibility;
import org.apache.avro.SchemaCompatibility.SchemaCompatibilityType;
import org.apache.avro.SchemaCompatibility.SchemaPairCompatibility;

/** What a new schema of a subject must be able to do with the earlier ones; the names are the REST API's. */
enum CompatibilityLevel {
    NONE(false, false, false),
    /** Readers with the new schema read what the last one wrote. */
    BACKWARD(true, false, false),
    BACKWARD_TRANSITIVE(true, false, true),
    /** Readers with the last schema read what the new one writes. */
    FORWARD(false, true, false),
    FORWARD_TRANSITIVE(false, true, true),
    FULL(true, true, false),
    FULL_TRANSITIVE(true, true, true);

    private final boolean newReadsOld;
    private final boolean oldReadsNew;
    private final boolean transitive;

    CompatibilityLevel(boolean newReadsOld, boolean oldReadsNew, boolean transitive) {
        this.newReadsOld = newReadsOld;
        this.oldReadsNew = oldReadsNew;
        this.transitive = transitive;
    }

    /** The level of that name, in any case of letters; empty when there is none. */
    static Optional<CompatibilityLevel> named(String name) {
        for (CompatibilityLevel level : values()) {
            if (level.name().equalsIgnoreCase(name)) {
                return Optional.of(level);
            }
        }
        return Optional.empty();
    }

    /**
     * What stands against the candidate, one sentence each; empty when it may be registered.
     *
     * @param earlier the subject's versions, oldest first
     */
    List<String> violations(Schema candidate, List<SchemaVersion> earlier) {
        List<SchemaVersion> checked =
                transitive || earlier.isEmpty() ? earlier : List.of(earlier.get(earlier.size() - 1));
        List<String> violations = new ArrayList<>();
        for (SchemaVersion old : checked) {
            if (newReadsOld) {
                describe(
                        "the new schema cannot read data of version " + old.version(),
                        candidate,
                        old.parsed(),
                        violations);
            }
            if (oldReadsNew) {
                describe(
                        "version " + old.version() + " cannot read data of the new schema",
                        old.parsed(),
                        candidate,
                        violations);
            }
        }
        return violations;
    }

    private static void describe(String what, Schema reader, Schema writer, List<String> violations) {
        SchemaPairCompatibility pair = SchemaCompatibility.checkReaderWriterCompatibility(reader, writer);
        if (pair.getType() == SchemaCompatibilityType.COMPATIBLE) {
            return;
        }
        pair.getResult()
                .getIncompatibilities()
                .forEach(found -> violations.add(
                        "%s: %s at %s (%s)".formatted(what, found.getType(), found.getLocation(), found.getMessage())));
    }
}
