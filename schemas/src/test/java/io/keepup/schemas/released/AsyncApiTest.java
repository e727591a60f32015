package io.keepup.schemas.released;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.keepup.schemas.topic.TopicSpec;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.apache.avro.Schema;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The published document says what the code does: {@code asyncapi.json} among the resources, written like the schemas. */
class AsyncApiTest {

    private static final Path FILE = ReleasedSchemas.RESOURCES.resolve("asyncapi.json");

    @BeforeAll
    static void release_when_asked() {
        if (Boolean.getBoolean("keepup.release")) {
            ReleasedSchemas.release();
            ReleasedSchemas.write(FILE, AsyncApi.document());
        }
    }

    @Test
    void the_document_is_that_of_the_catalogue() throws Exception {
        assertThat(Files.readString(FILE))
                .as("asyncapi.json is not the code's: %s", ReleasedSchemasTest.HOW)
                .isEqualTo(AsyncApi.document());
    }

    @Test
    void every_topic_is_there_with_partitions_policy_records_and_schemas_that_can_be_read() throws Exception {
        JsonNode document = new ObjectMapper().readTree(FILE.toFile());
        for (TopicSpec topic : ReleasedSchemas.topics("{volumeId}")) {
            JsonNode channel = document.path("channels")
                    .valueStream()
                    .filter(c -> c.path("address").asText().equals(topic.name()))
                    .findFirst()
                    .orElseThrow(() -> new AssertionError("no channel for " + topic.name()));
            JsonNode kafka = channel.path("bindings").path("kafka");
            assertThat(kafka.path("partitions").asInt()).isEqualTo(topic.partitions());
            assertThat(kafka.at("/topicConfiguration/cleanup.policy/0").asText())
                    .isEqualTo(topic.cleanup().policy());
            assertThat(channel.path("description").asText())
                    .contains(topic.key().words());
            List<String> names = topic.records().stream().map(Schema::getName).toList();
            assertThat(channel.path("messages").fieldNames()).toIterable().containsExactlyElementsOf(names);
            for (Schema record : topic.records()) {
                JsonNode message = target(document, channel.path("messages").path(record.getName()));
                assertThat(message.path("name").asText()).isEqualTo(record.getFullName());
                assertThat(target(document, message.path("headers")).isObject()).isTrue();
                Path schema =
                        FILE.resolveSibling(message.at("/payload/schema/$ref").asText());
                assertThat(new Schema.Parser().parse(schema.toFile())).isEqualTo(record);
            }
        }
    }

    @Test
    void the_integrators_page_names_every_topic_and_record() throws Exception {
        String page = Files.readString(Path.of(System.getProperty("keepup.root"), "docs", "integrator.md"));
        for (TopicSpec topic : ReleasedSchemas.topics("<volume>")) {
            assertThat(page).contains("| `" + topic.name() + "` | ");
            topic.records().forEach(r -> assertThat(page).contains("`" + r.getName() + "`"));
        }
    }

    private static JsonNode target(JsonNode document, JsonNode reference) {
        JsonNode target = document.at(reference.path("$ref").asText().substring(1));
        assertThat(target.isMissingNode()).as("target of %s", reference).isFalse();
        return target;
    }
}
