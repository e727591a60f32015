package io.keepup.schemas.released;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.util.DefaultIndenter;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.keepup.schemas.codec.CloudEventHeaders;
import io.keepup.schemas.topic.TopicSpec;
import io.keepup.schemas.topic.Topics;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import org.apache.avro.Schema;

/** The topic catalogue as an AsyncAPI 3 document. Schemas are referred to where they were released. */
final class AsyncApi {

    private static final String VOLUME = "{volumeId}";
    private static final String AVRO = "application/vnd.apache.avro+json;version=1.12.0";

    /** Written by the fold, each record naming the one that caused it. */
    private static final Set<String> CAUSED =
            Set.of(Topics.COMMANDS_NODE, Topics.COMMANDS_SESSION, Topics.PROJECTIONS, Topics.SESSIONS, Topics.REJECTED);

    private final ObjectMapper json = new ObjectMapper();
    private final SortedMap<String, SortedMap<Integer, Schema>> released = ReleasedSchemas.released();

    /** The document of the catalogue and the released schemas. */
    static String document() {
        return new AsyncApi().render();
    }

    private String render() {
        ObjectNode document = json.createObjectNode();
        document.put("asyncapi", "3.0.0");
        document.putObject("info")
                .put("title", "Keepup")
                .put("version", "1.0.0")
                .put(
                        "description",
                        "Every topic of Keepup. Values are in Confluent's wire format (0x00, schema id as 4 bytes"
                                + " big-endian, Avro binary), subjects are <topic>-<full record name>, compatibility is"
                                + " FULL_TRANSITIVE. Keys are UTF-8 text. Read with isolation.level=read_committed.");
        document.put("defaultContentType", "application/vnd.confluent.avro");
        ObjectNode channels = document.putObject("channels");
        ObjectNode operations = document.putObject("operations");
        ObjectNode components = document.putObject("components");
        ObjectNode messages = components.putObject("messages");
        ReleasedSchemas.topics(VOLUME).forEach(topic -> channel(topic, channels, operations));
        new TreeMap<>(byRecord()).forEach((schema, topic) -> message(schema, topic, messages));
        headers(components.putObject("schemas"));
        try {
            DefaultPrettyPrinter printer = new DefaultPrettyPrinter()
                    .withArrayIndenter(new DefaultIndenter("  ", "\n"))
                    .withObjectIndenter(new DefaultIndenter("  ", "\n"));
            return json.writer(printer).writeValueAsString(document) + "\n";
        } catch (JsonProcessingException e) {
            throw new AssertionError(e);
        }
    }

    private static Map<String, TopicSpec> byRecord() {
        Map<String, TopicSpec> topics = new TreeMap<>();
        ReleasedSchemas.topics(VOLUME).forEach(t -> t.records().forEach(r -> topics.put(r.getName(), t)));
        return topics;
    }

    private void channel(TopicSpec topic, ObjectNode channels, ObjectNode operations) {
        String name =
                topic.name().replace("." + VOLUME, "").replace("keepup.", "").replace(".v1", "");
        ObjectNode channel = channels.putObject(name);
        channel.put("address", topic.name());
        channel.put("description", "Key: " + topic.key().words() + ".");
        ObjectNode messages = channel.putObject("messages");
        topic.records().forEach(r -> ref(messages.putObject(r.getName()), "#/components/messages/" + r.getName()));
        if (topic.name().contains(VOLUME)) {
            channel.putObject("parameters").putObject("volumeId").put("description", "Id of the volume.");
        }
        ObjectNode binding = channel.putObject("bindings").putObject("kafka");
        binding.put("topic", topic.name()).put("partitions", topic.partitions());
        ObjectNode configuration = binding.putObject("topicConfiguration");
        configuration.putArray("cleanup.policy").add(topic.cleanup().policy());
        new TreeMap<>(topic.config()).forEach((key, value) -> {
            if (value.matches("-?[0-9]+")) {
                configuration.put(key, Long.parseLong(value));
            } else {
                configuration.put(key, value);
            }
        });
        binding.put("bindingVersion", "0.5.0");
        boolean open = topic.name().equals(Topics.EVENTS);
        operation(operations, "send", name);
        if (open) {
            operation(operations, "receive", name);
        }
    }

    private static void operation(ObjectNode operations, String action, String channel) {
        ObjectNode operation = operations.putObject(action + "." + channel);
        operation.put("action", action);
        ref(operation.putObject("channel"), "#/channels/" + channel);
    }

    private void message(String record, TopicSpec topic, ObjectNode messages) {
        SortedMap<Integer, Schema> versions = released.get(record);
        int newest = versions.lastKey();
        Schema schema = versions.get(newest);
        ObjectNode message = messages.putObject(record);
        message.put("name", schema.getFullName());
        if (schema.getDoc() != null) {
            message.put("summary", schema.getDoc());
        }
        ref(
                message.putObject("headers"),
                "#/components/schemas/" + (CAUSED.contains(topic.name()) ? "caused" : "said"));
        ObjectNode payload = message.putObject("payload");
        payload.put("schemaFormat", AVRO);
        ref(payload.putObject("schema"), ReleasedSchemas.path(record, newest));
        ObjectNode binding = message.putObject("bindings").putObject("kafka");
        binding.putObject("key")
                .put("type", "string")
                .put("description", topic.key().words());
        binding.put("schemaIdLocation", "payload");
        binding.put("schemaIdPayloadEncoding", "confluent");
        binding.put("schemaLookupStrategy", "TopicRecordNameStrategy");
        binding.put("bindingVersion", "0.5.0");
    }

    private void headers(ObjectNode schemas) {
        ObjectNode said = schemas.putObject("said");
        said.put("type", "object").put("description", "CloudEvents in binary mode; all values are UTF-8 text.");
        ArrayNode required = said.putArray("required");
        ObjectNode properties = said.putObject("properties");
        List<String> names = List.of(
                CloudEventHeaders.ID,
                CloudEventHeaders.TYPE,
                CloudEventHeaders.SOURCE,
                CloudEventHeaders.TIME,
                CloudEventHeaders.SPEC_VERSION);
        names.forEach(required::add);
        text(properties, CloudEventHeaders.ID, "Of an output it is derived from state: a replay gives the same one.");
        text(properties, CloudEventHeaders.TYPE, "Full name of the record.");
        text(properties, CloudEventHeaders.SOURCE, "Who said it, below /keepup/.");
        text(properties, CloudEventHeaders.TIME, "ISO 8601.").put("format", "date-time");
        text(properties, CloudEventHeaders.SPEC_VERSION, "1.0");
        ObjectNode caused = schemas.putObject("caused");
        caused.put("description", "As said, and the record that caused this one.");
        ArrayNode all = caused.putArray("allOf");
        ref(all.addObject(), "#/components/schemas/said");
        ObjectNode cause = all.addObject();
        cause.put("type", "object");
        ArrayNode needed = cause.putArray("required");
        ObjectNode more = cause.putObject("properties");
        List.of(CloudEventHeaders.CAUSE_TOPIC, CloudEventHeaders.CAUSE_PARTITION, CloudEventHeaders.CAUSE_OFFSET)
                .forEach(needed::add);
        text(more, CloudEventHeaders.CAUSE_TOPIC, "Topic of the record that caused it.");
        text(more, CloudEventHeaders.CAUSE_PARTITION, "Its partition, in decimal.");
        text(more, CloudEventHeaders.CAUSE_OFFSET, "Its offset, in decimal.");
    }

    private static ObjectNode text(ObjectNode properties, String name, String description) {
        return properties.putObject(name).put("type", "string").put("description", description);
    }

    private static void ref(ObjectNode at, String target) {
        at.put("$ref", target);
    }
}
