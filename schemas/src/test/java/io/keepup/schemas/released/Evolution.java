package io.keepup.schemas.released;

import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeSet;
import org.apache.avro.Schema;
import org.apache.avro.SchemaCompatibility;
import org.apache.avro.SchemaCompatibility.Incompatibility;

/** FULL_TRANSITIVE, said by record and field: this build reads every released version, and each of them reads this build. */
final class Evolution {

    private Evolution() {}

    /**
     * What stands against a schema, one sentence each; empty when it may be released.
     *
     * @param released earlier versions by number
     */
    static List<String> violations(Schema candidate, SortedMap<Integer, Schema> released) {
        TreeSet<String> found = new TreeSet<>();
        released.forEach((version, old) -> {
            describe(candidate, old, "this build cannot read version " + version, found);
            describe(old, candidate, "version %d cannot read this build".formatted(version), found);
        });
        return List.copyOf(found);
    }

    private static void describe(Schema reader, Schema writer, String consequence, TreeSet<String> found) {
        List<Incompatibility> faults = SchemaCompatibility.checkReaderWriterCompatibility(reader, writer)
                .getResult()
                .getIncompatibilities();
        for (Incompatibility fault : faults) {
            found.add("%s: %s (%s), so %s"
                    .formatted(place(reader, fault.getLocation()), fault.getType(), fault.getMessage(), consequence));
        }
    }

    /** Avro's location, such as {@code /fields/0/type/fields/3/type}, in names. */
    private static String place(Schema reader, String location) {
        Schema at = reader;
        String record = reader.getFullName();
        List<String> path = new ArrayList<>(List.of(reader.getName()));
        String[] steps = location.split("/");
        for (int i = 1; i < steps.length; i++) {
            if (steps[i].equals("items")) {
                at = at.getElementType();
            } else if (steps[i].equals("fields")) {
                Schema holder = recordOf(at);
                if (i + 1 == steps.length) {
                    break;
                }
                Schema.Field field = holder.getFields().get(Integer.parseInt(steps[++i]));
                record = holder.getFullName();
                path.add(field.name());
                at = field.schema();
            }
        }
        return path.size() == 1
                ? "record " + record
                : "record %s, field %s (%s)".formatted(record, path.get(path.size() - 1), String.join(".", path));
    }

    /** The record itself, or the one in an optional field's union. */
    private static Schema recordOf(Schema schema) {
        return schema.getType() != Schema.Type.UNION
                ? schema
                : schema.getTypes().stream()
                        .filter(t -> t.getType() == Schema.Type.RECORD)
                        .findFirst()
                        .orElseThrow();
    }
}
