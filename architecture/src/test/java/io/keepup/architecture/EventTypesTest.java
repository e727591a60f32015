package io.keepup.architecture;

import static org.assertj.core.api.Assertions.assertThat;

import io.keepup.schemas.topic.Topics;
import java.util.List;
import org.apache.avro.Schema;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The records of the events topic are generated classes without a common type, so a {@code switch} over them needs a default
 * arm, and the compiler does not miss a type that has no arm of its own. This does.
 */
class EventTypesTest {

    @ParameterizedTest
    @ValueSource(
            strings = {
                "streams-app/src/main/java/io/keepup/streams/mapping/EventMapping.java",
                "cli/src/main/java/io/keepup/cli/EventText.java"
            })
    void every_record_of_the_events_topic_has_an_arm_of_its_own(String switched) {
        String source = SourceTree.text(switched);
        List<String> types = Topics.eventTypes().stream().map(Schema::getName).toList();
        assertThat(types).contains("AssignmentDelivered", "PrimarySilent");
        assertThat(types).as("records that %s switches over", switched).allSatisfy(type -> assertThat(source)
                .containsPattern("case " + type + " \\w+ ->"));
    }
}
