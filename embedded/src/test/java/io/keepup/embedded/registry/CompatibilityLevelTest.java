package io.keepup.embedded.registry;

import static org.assertj.core.api.Assertions.assertThat;

import io.keepup.embedded.registry.RegistryRecord.VersionStored;
import java.util.List;
import org.apache.avro.Schema;
import org.apache.avro.SchemaBuilder;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CompatibilityLevelTest {

    private static final Schema BARE =
            SchemaBuilder.record("R").fields().requiredInt("a").endRecord();
    /** Reads BARE's data; BARE reads its data. */
    private static final Schema WITH_OPTIONAL =
            SchemaBuilder.record("R").fields().requiredInt("a").optionalInt("b").endRecord();
    /** Does not read BARE's data; BARE reads its data. */
    private static final Schema WITH_REQUIRED =
            SchemaBuilder.record("R").fields().requiredInt("a").requiredInt("b").endRecord();
    /** Reads BARE's data; BARE does not read its data. */
    private static final Schema EMPTY = SchemaBuilder.record("R").fields().endRecord();

    @ParameterizedTest(name = "{0}: optional field {1}, required field {2}, field taken away {3}")
    @CsvSource({
        "NONE,                true, true,  true",
        "BACKWARD,            true, false, true",
        "BACKWARD_TRANSITIVE, true, false, true",
        "FORWARD,             true, true,  false",
        "FORWARD_TRANSITIVE,  true, true,  false",
        "FULL,                true, false, false",
        "FULL_TRANSITIVE,     true, false, false"
    })
    void each_level_takes_what_it_says(CompatibilityLevel level, boolean optional, boolean required, boolean taken) {
        List<SchemaVersion> earlier = List.of(version(1, BARE));

        assertThat(level.violations(WITH_OPTIONAL, earlier).isEmpty()).isEqualTo(optional);
        assertThat(level.violations(WITH_REQUIRED, earlier).isEmpty()).isEqualTo(required);
        assertThat(level.violations(EMPTY, earlier).isEmpty()).isEqualTo(taken);
        assertThat(level.violations(WITH_REQUIRED, List.of())).isEmpty();
    }

    @ParameterizedTest(name = "{0} looks at every earlier version: {1}")
    @CsvSource({
        "BACKWARD, false", "BACKWARD_TRANSITIVE, true",
        "FORWARD, false", "FORWARD_TRANSITIVE, true",
        "FULL, false", "FULL_TRANSITIVE, true"
    })
    void only_transitive_levels_look_further_back_than_the_last(CompatibilityLevel level, boolean transitive) {
        Schema text = SchemaBuilder.record("R").fields().requiredString("a").endRecord();

        assertThat(level.violations(BARE, List.of(version(1, text), version(2, BARE)))
                        .isEmpty())
                .isEqualTo(!transitive);
        assertThat(level.violations(BARE, List.of(version(1, BARE), version(2, text))))
                .isNotEmpty();
    }

    private static SchemaVersion version(int number, Schema schema) {
        return VersionStored.of("s", number, number, schema).version();
    }
}
