package io.keepup.embedded.registry;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.keepup.embedded.registry.RegistryRecord.IdsUsed;
import io.keepup.embedded.registry.RegistryRecord.LevelSet;
import io.keepup.embedded.registry.RegistryRecord.Noop;
import io.keepup.embedded.registry.RegistryRecord.SubjectDeleted;
import io.keepup.embedded.registry.RegistryRecord.VersionErased;
import io.keepup.embedded.registry.RegistryRecord.VersionStored;
import java.io.IOException;
import org.apache.avro.Schema;
import org.apache.kafka.clients.producer.ProducerRecord;

/**
 * Records of the topic as JSON, in the shape Confluent's registry gives its own {@code _schemas}: the key tells the kind
 * ({@code keytype}) and what compaction keeps one of. {@code KEEPUP_IDS} is ours alone.
 */
final class RegistryRecordJson {

    private static final ObjectMapper JSON = new ObjectMapper();

    private RegistryRecordJson() {}

    static ProducerRecord<byte[], byte[]> encode(String topic, RegistryRecord change) {
        return switch (change) {
            case VersionStored stored -> {
                SchemaVersion v = stored.version();
                yield record(topic, versionKey(v.subject(), v.version()), version(v));
            }
            case VersionErased erased -> record(topic, versionKey(erased.subject(), erased.version()), null);
            case SubjectDeleted deleted ->
                record(
                        topic,
                        key("DELETE_SUBJECT", 0).put("subject", deleted.subject()),
                        JSON.createObjectNode()
                                .put("subject", deleted.subject())
                                .put("version", deleted.upToVersion()));
            case LevelSet set -> record(topic, key("CONFIG", 0).put("subject", set.subject()), level(set.level()));
            case IdsUsed used ->
                record(topic, key("KEEPUP_IDS", 0), JSON.createObjectNode().put("highest", used.highest()));
            case Noop noop -> record(topic, key("NOOP", 0), null);
        };
    }

    /**
     * Reads a record back.
     *
     * @param value null for a tombstone
     * @throws IllegalArgumentException when it is none of ours
     */
    static RegistryRecord decode(byte[] keyBytes, byte[] valueBytes) {
        JsonNode key = tree(keyBytes);
        JsonNode value = valueBytes == null ? null : tree(valueBytes);
        return switch (text(key, "keytype")) {
            case "SCHEMA" ->
                value == null
                        ? new VersionErased(text(key, "subject"), number(key, "version"))
                        : new VersionStored(version(value));
            case "DELETE_SUBJECT" ->
                value == null ? new Noop() : new SubjectDeleted(text(value, "subject"), number(value, "version"));
            case "CONFIG" -> new LevelSet(key.path("subject").asText(null), value == null ? null : level(value));
            case "KEEPUP_IDS" -> new IdsUsed(value == null ? 0 : number(value, "highest"));
            case "NOOP" -> new Noop();
            default -> throw new IllegalArgumentException("unknown keytype in " + key);
        };
    }

    private static ObjectNode key(String keytype, int magic) {
        return JSON.createObjectNode().put("keytype", keytype).put("magic", magic);
    }

    private static ObjectNode versionKey(String subject, int version) {
        return JSON.createObjectNode()
                .put("keytype", "SCHEMA")
                .put("subject", subject)
                .put("version", version)
                .put("magic", 1);
    }

    private static ObjectNode version(SchemaVersion version) {
        return JSON.createObjectNode()
                .put("subject", version.subject())
                .put("version", version.version())
                .put("id", version.id())
                .put("schema", version.text())
                .put("deleted", version.deleted());
    }

    private static SchemaVersion version(JsonNode value) {
        String text = text(value, "schema");
        return new SchemaVersion(
                text(value, "subject"),
                number(value, "version"),
                number(value, "id"),
                text,
                schema(text),
                value.path("deleted").asBoolean(false));
    }

    private static Schema schema(String text) {
        try {
            // Defaults were judged when it was registered; a stricter Avro must not lose it now.
            return new Schema.Parser().setValidateDefaults(false).parse(text);
        } catch (RuntimeException e) {
            // As in Registry: Avro throws more than its own exceptions.
            throw new IllegalArgumentException("not an Avro schema: " + text, e);
        }
    }

    private static ObjectNode level(CompatibilityLevel level) {
        return level == null ? null : JSON.createObjectNode().put("compatibilityLevel", level.name());
    }

    private static CompatibilityLevel level(JsonNode value) {
        String name = text(value, "compatibilityLevel");
        return CompatibilityLevel.named(name)
                .orElseThrow(() -> new IllegalArgumentException("unknown compatibility level " + name));
    }

    private static String text(JsonNode node, String field) {
        if (!node.path(field).isTextual()) {
            throw new IllegalArgumentException("no text '" + field + "' in " + node);
        }
        return node.get(field).asText();
    }

    private static int number(JsonNode node, String field) {
        if (!node.path(field).canConvertToInt()) {
            throw new IllegalArgumentException("no number '" + field + "' in " + node);
        }
        return node.get(field).asInt();
    }

    private static JsonNode tree(byte[] bytes) {
        try {
            JsonNode tree = bytes == null ? null : JSON.readTree(bytes);
            if (tree == null || !tree.isObject()) {
                throw new IllegalArgumentException("not a JSON object");
            }
            return tree;
        } catch (IOException e) {
            throw new IllegalArgumentException("not JSON", e);
        }
    }

    private static ProducerRecord<byte[], byte[]> record(String topic, ObjectNode key, ObjectNode value) {
        return new ProducerRecord<>(topic, 0, bytes(key), value == null ? null : bytes(value));
    }

    private static byte[] bytes(ObjectNode node) {
        try {
            return JSON.writeValueAsBytes(node);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a JSON tree always prints", e);
        }
    }
}
