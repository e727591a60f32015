package io.keepup.schemas.released;

import io.keepup.schemas.topic.TopicSpec;
import io.keepup.schemas.topic.Topics;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.avro.Schema;
import org.apache.avro.SchemaFormatter;

/** The released versions of each record type: {@code released/<Record>/<n>.avsc} among the resources, from 1 on. */
final class ReleasedSchemas {

    static final Path RESOURCES = Path.of(
            System.getProperty("keepup.root"), "schemas", "src", "main", "resources", "io", "keepup", "schemas");

    private static final Path RELEASED = RESOURCES.resolve("released");
    private static final String SUFFIX = ".avsc";

    private ReleasedSchemas() {}

    /** All topics, the lanes with a placeholder for the volume. */
    static List<TopicSpec> topics(String volume) {
        return Stream.concat(Topics.shared().stream(), Topics.lanes(volume).stream())
                .toList();
    }

    /** The record types on the topics, by name, as this build has them. */
    static SortedMap<String, Schema> current() {
        return topics("v").stream()
                .map(TopicSpec::records)
                .flatMap(Collection::stream)
                .distinct()
                .collect(Collectors.toMap(Schema::getName, s -> s, (one, same) -> one, TreeMap::new));
    }

    /** What was released: by record name and version. */
    static SortedMap<String, SortedMap<Integer, Schema>> released() {
        SortedMap<String, SortedMap<Integer, Schema>> all = new TreeMap<>();
        for (Path record : list(RELEASED)) {
            SortedMap<Integer, Schema> versions = new TreeMap<>();
            for (Path file : list(record)) {
                versions.put(Integer.parseInt(file.getFileName().toString().replace(SUFFIX, "")), parse(file));
            }
            all.put(record.getFileName().toString(), versions);
        }
        return all;
    }

    /** Where a version is, relative to {@link #RESOURCES}, with slashes. */
    static String path(String record, int version) {
        return "released/" + record + "/" + version + SUFFIX;
    }

    /** Adds this build's schema where it is not the newest version yet. Never changes a version. */
    static void release() {
        SortedMap<String, SortedMap<Integer, Schema>> released = released();
        for (Map.Entry<String, Schema> entry : current().entrySet()) {
            SortedMap<Integer, Schema> versions = released.getOrDefault(entry.getKey(), new TreeMap<>());
            List<String> violations = Evolution.violations(entry.getValue(), versions);
            if (!violations.isEmpty()) {
                throw new AssertionError("not released: " + String.join("; ", violations));
            }
            int newest = versions.isEmpty() ? 0 : versions.lastKey();
            if (newest == 0 || !same(versions.get(newest), entry.getValue())) {
                write(
                        RESOURCES.resolve(path(entry.getKey(), newest + 1)),
                        SchemaFormatter.format("json/pretty", entry.getValue()) + "\n");
            }
        }
    }

    /** Equal in all that a registry keeps, documentation too. */
    static boolean same(Schema one, Schema other) {
        return one.toString().equals(other.toString());
    }

    static void write(Path file, String text) {
        try {
            Files.createDirectories(file.getParent());
            Files.writeString(file, text);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static List<Path> list(Path directory) {
        if (!Files.isDirectory(directory)) {
            return List.of();
        }
        try (Stream<Path> files = Files.list(directory)) {
            return files.sorted().toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Schema parse(Path file) {
        try {
            return new Schema.Parser().parse(Files.readString(file));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
