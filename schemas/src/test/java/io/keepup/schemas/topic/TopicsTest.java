package io.keepup.schemas.topic;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.avro.Schema;
import org.apache.kafka.common.utils.Utils;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TopicsTest {

    @Test
    void names_are_unique_and_every_event_and_command_starts_with_the_shared_meta() {
        List<TopicSpec> all = Stream.concat(Topics.shared().stream(), Topics.lanes("vol-1").stream())
                .toList();
        assertThat(all).extracting(TopicSpec::name).doesNotHaveDuplicates();
        for (TopicSpec topic : Topics.shared()) {
            if (topic.name().equals(Topics.REJECTED)) {
                continue;
            }
            for (Schema schema : topic.records()) {
                assertThat(schema.getFields().get(0).schema().getFullName())
                        .as(schema.getName())
                        .isEqualTo("io.keepup.v1.Meta");
            }
        }
    }

    @Test
    void what_is_said_of_retention_is_what_is_set() {
        assertThat(Topics.shared())
                .filteredOn(t -> !t.retention().equals("for ever"))
                .extracting(t -> t.name() + ": " + t.retention())
                .containsExactlyInAnyOrder(
                        Topics.PROJECTIONS + ": newest of each key",
                        Topics.SESSIONS + ": newest of each key",
                        Topics.SYNC_REQUESTS + ": 60 min",
                        Topics.SYNC_ACKS + ": 60 min");
    }

    /** A refused record stands there whole, and its key a second time. */
    @Test
    void what_the_events_topic_takes_fits_the_rejected_topic() {
        Map<String, Integer> limits = Topics.shared().stream()
                .filter(t -> t.config().containsKey("max.message.bytes"))
                .collect(Collectors.toMap(
                        TopicSpec::name, t -> Integer.parseInt(t.config().get("max.message.bytes"))));
        assertThat(limits.get(Topics.REJECTED)).isGreaterThan(2 * limits.get(Topics.EVENTS));
    }

    @Test
    void every_enum_can_take_words_of_a_later_version() {
        Stream.concat(Topics.shared().stream(), Topics.lanes("v").stream())
                .flatMap(t -> t.records().stream())
                .flatMap(TopicsTest::nested)
                .filter(s -> s.getType() == Schema.Type.ENUM)
                .forEach(s -> assertThat(s.getEnumDefault()).as(s.getFullName()).isEqualTo("unknown"));
    }

    private static Stream<Schema> nested(Schema schema) {
        return switch (schema.getType()) {
            case RECORD -> schema.getFields().stream().flatMap(f -> nested(f.schema()));
            case UNION -> schema.getTypes().stream().flatMap(TopicsTest::nested);
            case ARRAY -> nested(schema.getElementType());
            default -> Stream.of(schema);
        };
    }

    @Test
    void a_key_lands_where_kafkas_default_partitioner_puts_it() {
        for (int i = 0; i < 100; i++) {
            String key = "vs-" + i;
            int expected = Utils.toPositive(Utils.murmur2(key.getBytes(StandardCharsets.UTF_8))) % 4;
            assertThat(KeyPartitions.partitionFor(key, 4)).isEqualTo(expected);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", " ", "a b", "a/b", "a.b", "-a", "_a", "ä", "a\n"})
    void ids_that_cannot_be_part_of_a_topic_name_are_refused(String id) {
        assertThat(Names.valid(id)).isFalse();
        assertThatThrownBy(() -> Names.require("volume", id)).hasMessageContaining(Names.RULE_IN_WORDS);
    }

    @ParameterizedTest
    @ValueSource(strings = {"a", "vol-1", "VOL_2", "0"})
    void lawful_ids_are_taken(String id) {
        assertThat(Names.require("volume", id)).isEqualTo(id);
    }
}
