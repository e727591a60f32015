package io.keepup.schemas.released;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.stream.IntStream;
import org.apache.avro.Schema;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * Schemas are a product: what was released stays, and what this build writes is released. With {@code -Dkeepup.release=true}
 * it writes what is missing.
 */
class ReleasedSchemasTest {

    static final String HOW =
            "run 'mvn -pl schemas -am verify -Dtest=ReleasedSchemasTest,AsyncApiTest -Dsurefire.failIfNoSpecifiedTests=false"
                    + " -Dkeepup.release=true' and commit what it writes";

    @BeforeAll
    static void release_when_asked() {
        if (Boolean.getBoolean("keepup.release")) {
            ReleasedSchemas.release();
        }
    }

    @Test
    void this_build_and_every_released_version_read_each_other() {
        List<String> violations = new ArrayList<>();
        SortedMap<String, SortedMap<Integer, Schema>> released = ReleasedSchemas.released();
        ReleasedSchemas.current().forEach((name, schema) -> {
            if (released.containsKey(name)) {
                violations.addAll(Evolution.violations(schema, released.get(name)));
            }
        });
        assertThat(violations)
                .as("changes that are not FULL_TRANSITIVE: give a new field a default, keep what was there")
                .isEmpty();
    }

    @Test
    void what_this_build_writes_is_the_newest_released_version() {
        SortedMap<String, SortedMap<Integer, Schema>> released = ReleasedSchemas.released();
        List<String> unreleased = new ArrayList<>();
        ReleasedSchemas.current().forEach((name, schema) -> {
            SortedMap<Integer, Schema> versions = released.get(name);
            if (versions == null || !ReleasedSchemas.same(versions.get(versions.lastKey()), schema)) {
                unreleased.add(name);
            }
        });
        assertThat(unreleased)
                .as("records whose schema is not released: %s", HOW)
                .isEmpty();
    }

    @Test
    void nothing_released_is_gone() {
        SortedMap<String, SortedMap<Integer, Schema>> released = ReleasedSchemas.released();
        assertThat(ReleasedSchemas.current().keySet())
                .as("record types on the topics")
                .containsAll(released.keySet());
        released.forEach((name, versions) -> assertThat(versions.keySet())
                .as("versions of %s", name)
                .containsExactlyElementsOf(
                        IntStream.rangeClosed(1, versions.lastKey()).boxed().toList()));
    }
}
