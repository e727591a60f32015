package io.keepup.embedded.registry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.keepup.embedded.EmbeddedBroker;
import io.keepup.embedded.EmbeddedStartException;
import io.keepup.embedded.EmbeddedStartException.Reason;
import io.keepup.embedded.registry.RegistryException.Code;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.avro.generic.GenericDatumWriter;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.DecoderFactory;
import org.apache.avro.io.EncoderFactory;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(value = 60, unit = TimeUnit.SECONDS)
class RegistryStorageTest {

    private static final String LONG = "\"long\"";
    private static final String STRING = "\"string\"";

    @TempDir
    Path temp;

    @Test
    void a_restart_brings_back_schemas_levels_deletions_and_used_ids() throws Exception {
        try (EmbeddedBroker broker = EmbeddedBroker.start(temp, 0)) {
            int erased;
            try (EmbeddedRegistry registry = EmbeddedRegistry.start(broker.bootstrapServers(), 0)) {
                Rest rest = new Rest(registry.url());
                assertThat(rest.idOf("s", LONG)).isEqualTo(1);
                rest.put("/config/s", Map.of("compatibility", "NONE")).ok();
                rest.put("/config", Map.of("compatibility", "FORWARD")).ok();
                rest.idOf("softly", STRING);
                rest.delete("/subjects/softly").ok();
                erased = rest.idOf("gone", "\"bytes\"");
                rest.delete("/subjects/gone").ok();
                rest.delete("/subjects/gone?permanent=true").ok();
            }

            try (EmbeddedRegistry registry = EmbeddedRegistry.start(broker.bootstrapServers(), 0)) {
                Rest rest = new Rest(registry.url());
                assertThat(rest.get("/subjects").ok()).hasSize(1);
                assertThat(rest.get("/subjects?deleted=true").ok()).hasSize(2);
                assertThat(rest.get("/config").ok().get("compatibilityLevel").asText())
                        .isEqualTo("FORWARD");
                assertThat(rest.get("/config/s").ok().get("compatibilityLevel").asText())
                        .isEqualTo("NONE");
                assertThat(rest.get("/schemas/ids/1").ok().get("schema").asText())
                        .isEqualTo(LONG);
                assertThat(rest.idOf("fresh", "\"int\"")).isEqualTo(erased + 1);
            }
        }
    }

    @Test
    void the_topic_holds_records_in_confluents_shape() throws Exception {
        try (EmbeddedBroker broker = EmbeddedBroker.start(temp, 0);
                EmbeddedRegistry registry = EmbeddedRegistry.start(broker.bootstrapServers(), 0)) {
            Rest rest = new Rest(registry.url());
            rest.idOf("s", LONG);
            rest.put("/config/s", Map.of("compatibility", "NONE")).ok();
            rest.delete("/subjects/s").ok();

            assertThat(topic(broker).stream().map(record -> record.key() + " " + record.value()))
                    .containsExactly(
                            "{\"keytype\":\"SCHEMA\",\"subject\":\"s\",\"version\":1,\"magic\":1} "
                                    + "{\"subject\":\"s\",\"version\":1,\"id\":1,\"schema\":\"\\\"long\\\"\",\"deleted\":false}",
                            "{\"keytype\":\"CONFIG\",\"magic\":0,\"subject\":\"s\"} {\"compatibilityLevel\":\"NONE\"}",
                            "{\"keytype\":\"DELETE_SUBJECT\",\"magic\":0,\"subject\":\"s\"} {\"subject\":\"s\",\"version\":1}");
        }
    }

    @Test
    void a_record_that_is_not_the_registrys_is_left_aside() throws Exception {
        try (EmbeddedBroker broker = EmbeddedBroker.start(temp, 0);
                EmbeddedRegistry registry = EmbeddedRegistry.start(broker.bootstrapServers(), 0)) {
            Rest rest = new Rest(registry.url());
            Map<String, Object> settings = Map.of("bootstrap.servers", broker.bootstrapServers());
            try (KafkaProducer<String, String> producer =
                    new KafkaProducer<>(settings, new StringSerializer(), new StringSerializer())) {
                for (String key : List.of("x", "[]", "{}", "{\"keytype\":\"MODE\"}", "{\"keytype\":\"SCHEMA\"}")) {
                    producer.send(new ProducerRecord<>(SchemasTopic.NAME, key, "garbage"))
                            .get();
                }
            }

            assertThat(rest.idOf("s", LONG)).isEqualTo(1);
            rest.get("/readyz").ok();
        }
    }

    @Test
    void data_written_with_a_registered_id_is_read_by_one_who_knows_only_the_registry() throws Exception {
        Schema schema = new Schema.Parser()
                .parse("{\"type\":\"record\",\"name\":\"P\",\"fields\":[{\"name\":\"lsn\",\"type\":\"long\"}]}");
        try (EmbeddedBroker broker = EmbeddedBroker.start(temp, 0);
                EmbeddedRegistry registry = EmbeddedRegistry.start(broker.bootstrapServers(), 0)) {
            Rest rest = new Rest(registry.url());
            byte[] wire = wire(rest.idOf("p", schema.toString()), schema, 4711);

            ByteBuffer found = ByteBuffer.wrap(wire);
            assertThat(found.get()).isZero();
            Schema writer = new Schema.Parser()
                    .parse(rest.get("/schemas/ids/" + found.getInt())
                            .ok()
                            .get("schema")
                            .asText());
            GenericRecord record = new GenericDatumReader<GenericRecord>(writer)
                    .read(null, DecoderFactory.get().binaryDecoder(wire, 5, wire.length - 5, null));
            assertThat(record.get("lsn")).isEqualTo(4711L);
        }
    }

    @Test
    void while_the_broker_is_away_a_registration_fails_and_afterwards_the_ids_are_still_right() {
        Duration limit = Duration.ofMillis(1500);
        int port;
        EmbeddedBroker broker = EmbeddedBroker.start(temp, 0);
        port = broker.port();
        RegistryState state = new RegistryState();
        try (SchemasTopic topic =
                SchemasTopic.open(Map.of("bootstrap.servers", broker.bootstrapServers()), state::apply, limit)) {
            Registry registry = new Registry(state, topic);
            assertThat(registry.register("s", LONG)).isEqualTo(1);
            broker.close();

            assertThatThrownBy(() -> registry.register("t", STRING))
                    .isInstanceOfSatisfying(
                            RegistryException.class, e -> assertThat(e.code()).isEqualTo(Code.STORE));
            assertThat(registry.schemaText(1)).as("reading goes on").isEqualTo(LONG);

            broker = EmbeddedBroker.start(temp, port);
            Awaitility.await()
                    .atMost(Duration.ofSeconds(20))
                    .ignoreExceptionsInstanceOf(RegistryException.class)
                    .until(() -> registry.register("u", "\"int\"") > 0);
            int id = registry.register("t", STRING);
            assertThat(registry.register("u", "\"int\"")).isNotEqualTo(id);
            assertThat(registry.versions("t", true)).hasSize(1);
            assertThat(registry.healthy()).isTrue();
        } finally {
            broker.close();
        }
    }

    @Test
    void no_broker_is_said_within_the_limit() {
        EmbeddedStartException refusal = catchThrowableOfType(
                EmbeddedStartException.class,
                () -> SchemasTopic.open(
                        Map.of("bootstrap.servers", "127.0.0.1:1"), record -> {}, Duration.ofMillis(500)));

        assertThat(refusal.reason()).isEqualTo(Reason.BROKER_UNREACHABLE);
        assertThat(refusal.getMessage()).contains("127.0.0.1:1").doesNotContain("\n");
    }

    @Test
    void a_topic_that_would_lose_schemas_in_time_is_refused() throws Exception {
        try (EmbeddedBroker broker = EmbeddedBroker.start(temp, 0);
                Admin admin = Admin.create(Map.of("bootstrap.servers", broker.bootstrapServers()))) {
            admin.createTopics(List.of(new NewTopic(SchemasTopic.NAME, 1, (short) 1)))
                    .all()
                    .get();

            EmbeddedStartException refusal = catchThrowableOfType(
                    EmbeddedStartException.class, () -> EmbeddedRegistry.start(broker.bootstrapServers(), 0));

            assertThat(refusal.reason()).isEqualTo(Reason.FAILED);
            assertThat(refusal.getMessage()).contains("_schemas", "compact").doesNotContain("\n");
        }
    }

    private static List<ConsumerRecord<String, String>> topic(EmbeddedBroker broker) {
        Map<String, Object> settings = Map.of("bootstrap.servers", broker.bootstrapServers());
        List<ConsumerRecord<String, String>> found = new ArrayList<>();
        try (KafkaConsumer<String, String> consumer =
                new KafkaConsumer<>(settings, new StringDeserializer(), new StringDeserializer())) {
            consumer.assign(List.of(SchemasTopic.PARTITION));
            consumer.seekToBeginning(List.of(SchemasTopic.PARTITION));
            long end = consumer.endOffsets(List.of(SchemasTopic.PARTITION)).get(SchemasTopic.PARTITION);
            Awaitility.await().until(() -> {
                consumer.poll(Duration.ofMillis(200)).forEach(found::add);
                return consumer.position(SchemasTopic.PARTITION) >= end;
            });
        }
        return found;
    }

    private static byte[] wire(int id, Schema schema, long lsn) throws Exception {
        GenericData.Record record = new GenericData.Record(schema);
        record.put("lsn", lsn);
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        bytes.write(0);
        bytes.write(ByteBuffer.allocate(4).putInt(id).array());
        BinaryEncoder encoder = EncoderFactory.get().binaryEncoder(bytes, null);
        new GenericDatumWriter<GenericRecord>(schema).write(record, encoder);
        encoder.flush();
        return bytes.toByteArray();
    }
}
