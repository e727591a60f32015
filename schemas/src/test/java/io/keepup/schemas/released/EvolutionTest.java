package io.keepup.schemas.released;

import static org.assertj.core.api.Assertions.assertThat;

import io.keepup.v1.AssignmentDelivered;
import io.keepup.v1.SyncAckReceived;
import java.util.List;
import java.util.TreeMap;
import org.apache.avro.Schema;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A change that another team's client would not survive is named before it is released. */
class EvolutionTest {

    private static final String ASSIGNMENT =
            AssignmentDelivered.getClassSchema().toString();

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '#',
            value = {
                // what is in the schema | what it becomes | record and field in the message
                "#{\"name\":\"sizeBytes\",\"type\":\"long\"# | #{\"name\":\"sizeBytes\",\"type\":\"double\"# | record io.keepup.v1.AssignmentDelivered, field sizeBytes",
                "#{\"name\":\"epoch\",\"type\":\"long\"# | #{\"name\":\"epoch\",\"type\":\"string\"# | record io.keepup.v1.Meta, field epoch (AssignmentDelivered.meta.epoch)",
                "#{\"name\":\"role\"# | #{\"name\":\"duty\"# | record io.keepup.v1.AssignmentDelivered, field duty",
                "#{\"name\":\"dataAddr\"# | #{\"name\":\"rack\",\"type\":\"int\"},{\"name\":\"dataAddr\"# | record io.keepup.v1.ReplicaEndpoint, field rack (AssignmentDelivered.replicas.rack)",
            })
    void an_incompatible_change_is_refused_by_record_and_field(String before, String after, String named) {
        Schema changed = changed(ASSIGNMENT, before, after);

        assertThat(violations(ASSIGNMENT, changed)).isNotEmpty().anySatisfy(said -> assertThat(said)
                .startsWith(named));
    }

    @Test
    void a_field_that_may_be_absent_is_looked_into_too() {
        String schema = SyncAckReceived.getClassSchema().toString();
        Schema changed =
                changed(schema, "{\"name\":\"walTail\",\"type\":\"long\"", "{\"name\":\"tail\",\"type\":\"long\"");

        assertThat(violations(schema, changed)).anySatisfy(said -> assertThat(said)
                .contains("record io.keepup.v1.SyncAck, field tail (SyncAckReceived.ack.tail)"));
    }

    @Test
    void every_released_version_counts_and_not_just_the_last() {
        Schema first = parse("""
                {"type": "record", "name": "R", "fields": [{"name": "a", "type": "int"}]}""");
        Schema second = parse("""
                {"type": "record", "name": "R", "fields": [{"name": "a", "type": "int", "default": 0}]}""");
        Schema third = parse("""
                {"type": "record", "name": "R", "fields": []}""");
        TreeMap<Integer, Schema> released = new TreeMap<>();
        released.put(2, second);
        assertThat(Evolution.violations(third, released)).isEmpty();
        released.put(1, first);
        assertThat(Evolution.violations(third, released))
                .singleElement()
                .asString()
                .startsWith("record R, field a (R.a): READER_FIELD_MISSING_DEFAULT_VALUE")
                .endsWith("so version 1 cannot read this build");
    }

    @Test
    void a_field_with_a_default_and_a_word_more_are_taken() {
        Schema more = changed(
                ASSIGNMENT,
                "{\"name\":\"sizeBytes\"",
                "{\"name\":\"rack\",\"type\":\"int\",\"default\":0},{\"name\":\"sizeBytes\"");
        Schema word = changed(ASSIGNMENT, "\"replica\",\"none\"", "\"replica\",\"witness\",\"none\"");

        assertThat(violations(ASSIGNMENT, more)).isEmpty();
        assertThat(violations(ASSIGNMENT, word)).isEmpty();
    }

    private static List<String> violations(String released, Schema changed) {
        return Evolution.violations(changed, new TreeMap<>(java.util.Map.of(1, parse(released))));
    }

    private static Schema changed(String schema, String before, String after) {
        assertThat(schema).contains(before);
        return parse(schema.replace(before, after));
    }

    private static Schema parse(String json) {
        return new Schema.Parser().parse(json);
    }
}
