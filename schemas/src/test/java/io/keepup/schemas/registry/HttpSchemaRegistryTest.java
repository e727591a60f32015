package io.keepup.schemas.registry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.keepup.embedded.EmbeddedBroker;
import io.keepup.embedded.registry.EmbeddedRegistry;
import io.keepup.schemas.codec.ConfluentAvroCodec;
import io.keepup.schemas.codec.RandomRecords;
import io.keepup.schemas.codec.UndecodableException;
import io.keepup.schemas.topic.TopicSpec;
import io.keepup.schemas.topic.Topics;
import io.keepup.v1.BarrierConfirmed;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import org.apache.avro.Schema;
import org.apache.avro.specific.SpecificRecord;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The client against the embedded registry, with what stands before registries elsewhere in between. */
@Timeout(120)
class HttpSchemaRegistryTest {

    private static final Duration PATIENCE = Duration.ofSeconds(10);
    private static final Duration NONE = Duration.ZERO;
    private static final Schema SCHEMA = BarrierConfirmed.getClassSchema();
    private static final String SUBJECT = SchemaRegistry.subject(Topics.EVENTS, SCHEMA);
    private static final String PASSWORD = "s3cret-word";

    @TempDir
    private static Path directory;

    private static EmbeddedBroker broker;
    private static EmbeddedRegistry registry;

    @BeforeAll
    static void start() {
        broker = EmbeddedBroker.start(directory.resolve("broker"), 0);
        registry = EmbeddedRegistry.start(broker.bootstrapServers(), 0);
        try (HttpSchemaRegistry client = new HttpSchemaRegistry(registry.url(), PATIENCE)) {
            SchemaRegistration.registerAll(client, Topics.shared());
        }
    }

    @AfterAll
    static void stop() {
        registry.close();
        broker.close();
    }

    @Test
    void an_answer_is_asked_for_once() throws IOException {
        try (FrontDoor door = FrontDoor.before(registry.url());
                HttpSchemaRegistry client = client(door.url(), Map.of())) {
            int id = client.idOf(SUBJECT, SCHEMA);
            int asked = door.requests();
            assertThat(client.idOf(SUBJECT, SCHEMA)).isEqualTo(id);
            assertThat(client.byId(id)).isEqualTo(SCHEMA);
            assertThat(door.requests()).isEqualTo(asked);
        }
    }

    @Test
    void S_F15_a_writer_takes_the_ids_of_a_registry_that_was_wiped_and_filled_again() throws Exception {
        SpecificRecord record = RandomRecords.of(SCHEMA, 1, 1).get(0);
        EmbeddedRegistry[] now = new EmbeddedRegistry[1];
        try (EmbeddedBroker first = EmbeddedBroker.start(directory.resolve("first"), 0);
                EmbeddedBroker second = EmbeddedBroker.start(directory.resolve("second"), 0)) {
            now[0] = EmbeddedRegistry.start(first.bootstrapServers(), 0);
            int port = now[0].port();
            try (HttpSchemaRegistry client =
                    new HttpSchemaRegistry(RegistrySettings.of(now[0].url()), PATIENCE, Duration.ofMillis(50))) {
                // given a writer and a reader that know the ids
                SchemaRegistration.registerAll(client, Topics.shared());
                ConfluentAvroCodec codec = new ConfluentAvroCodec(client);
                byte[] before = codec.encode(Topics.EVENTS, record);
                assertThat(codec.decode(before)).isEqualTo(record);

                // when the registry comes back without its data, and the schemas in another order
                now[0].close();
                now[0] = EmbeddedRegistry.start(second.bootstrapServers(), port);
                List<TopicSpec> backwards = new ArrayList<>(Topics.shared());
                Collections.reverse(backwards);
                try (HttpSchemaRegistry other = new HttpSchemaRegistry(now[0].url(), PATIENCE)) {
                    SchemaRegistration.registerAll(other, backwards);

                    // then what is written is what any other reader can read, without a restart
                    ConfluentAvroCodec reader = new ConfluentAvroCodec(other);
                    Awaitility.await()
                            .atMost(PATIENCE)
                            .ignoreExceptionsInstanceOf(UndecodableException.class)
                            .untilAsserted(() -> assertThat(reader.decode(codec.encode(Topics.EVENTS, record)))
                                    .isEqualTo(record));
                    assertThat(codec.decode(reader.encode(Topics.EVENTS, record)))
                            .isEqualTo(record);
                }
            }
        } finally {
            if (now[0] != null) {
                now[0].close();
            }
        }
    }

    @Test
    void when_one_url_cannot_be_reached_the_next_answers_and_is_asked_first_from_then_on() throws IOException {
        try (FrontDoor busy = FrontDoor.before(registry.url()).refusing(1, 503);
                FrontDoor other = FrontDoor.before(registry.url());
                HttpSchemaRegistry client = client(busy.url() + ", " + other.url() + "/", Map.of())) {
            assertThat(client.idOf(SUBJECT, SCHEMA)).isPositive();
            int asked = busy.requests();
            client.idOf(
                    SchemaRegistry.subject(Topics.EVENTS, Topics.eventTypes().get(0)),
                    Topics.eventTypes().get(0));
            assertThat(asked).isPositive();
            assertThat(busy.requests()).isEqualTo(asked);
            assertThat(other.requests()).isGreaterThanOrEqualTo(2);
        }
    }

    @Test
    void a_registry_that_is_busy_is_asked_again() throws IOException {
        try (FrontDoor door = FrontDoor.before(registry.url()).refusing(3, 429);
                HttpSchemaRegistry client = client(door.url(), Map.of())) {
            assertThat(client.idOf(SUBJECT, SCHEMA)).isPositive();
            assertThat(door.requests()).isGreaterThanOrEqualTo(4);
        }
    }

    @Test
    void a_registry_that_is_away_is_named_for_each_url() {
        String urls = "http://127.0.0.1:1,http://127.0.0.1:2";
        try (HttpSchemaRegistry client = new HttpSchemaRegistry(urls, NONE)) {
            assertThatThrownBy(() -> client.idOf(SUBJECT, SCHEMA))
                    .isExactlyInstanceOf(RegistryException.class)
                    .hasMessageContaining("http://127.0.0.1:1 cannot be reached")
                    .hasMessageContaining("http://127.0.0.1:2 cannot be reached")
                    .hasMessageEndingWith("start it, or name the right one");
        }
    }

    @Test
    void a_registry_that_never_answers_is_said_to_be_slow() throws IOException {
        try (FrontDoor door = FrontDoor.before(registry.url()).silent();
                HttpSchemaRegistry client = new HttpSchemaRegistry(door.url(), NONE)) {
            assertThatThrownBy(() -> client.idOf(SUBJECT, SCHEMA))
                    .isExactlyInstanceOf(RegistryException.class)
                    .hasMessageContaining(door.url() + " does not answer within 5 s");
        }
    }

    @Test
    void a_wrong_login_is_said_at_once_without_the_password_and_a_right_one_is_taken() throws IOException {
        String right = "Basic a2VlcHVwOnMzY3JldC13b3Jk";
        try (FrontDoor door = FrontDoor.before(registry.url()).asking(right)) {
            for (Map<String, String> wrong :
                    java.util.List.of(Map.<String, String>of(), Map.of(RegistrySettings.LOGIN, "other:" + PASSWORD))) {
                try (HttpSchemaRegistry client = client(door.url(), wrong)) {
                    assertThatThrownBy(() -> client.idOf(SUBJECT, SCHEMA))
                            .isExactlyInstanceOf(RegistryException.class)
                            .hasMessage("the schema registry at %s refuses the login (401): set %s to user:password"
                                    .formatted(door.url(), RegistrySettings.LOGIN));
                }
            }
            assertThat(door.requests()).as("not asked again and again").isLessThan(10);
            try (HttpSchemaRegistry client = client(door.url(), Map.of(RegistrySettings.LOGIN, "keepup:" + PASSWORD))) {
                assertThat(client.idOf(SUBJECT, SCHEMA)).isPositive();
            }
        }
    }

    @Test
    void a_certificate_is_taken_when_the_trust_store_holds_it_and_refused_otherwise() throws Exception {
        Path store = directory.resolve("keys.p12");
        Path said = directory.resolve("keytool.txt");
        Process keytool = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "keytool")
                                .toString(),
                        "-genkeypair",
                        "-keyalg",
                        "EC",
                        "-dname",
                        "CN=registry",
                        "-ext",
                        "san=ip:127.0.0.1",
                        "-storetype",
                        "PKCS12",
                        "-keystore",
                        store.toString(),
                        "-storepass",
                        PASSWORD)
                .redirectErrorStream(true)
                .redirectOutput(said.toFile())
                .start();
        assertThat(keytool.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(keytool.exitValue()).as(Files.readString(said)).isZero();
        try (FrontDoor door = FrontDoor.before(registry.url(), tls(store))) {
            try (HttpSchemaRegistry stranger = new HttpSchemaRegistry(door.url(), NONE)) {
                assertThatThrownBy(() -> notBusy(() -> stranger.idOf(SUBJECT, SCHEMA)))
                        .isExactlyInstanceOf(RegistryException.class)
                        .hasMessageContaining(door.url() + " cannot be talked to by TLS")
                        .hasMessageContaining(RegistrySettings.TRUST_STORE);
            }
            Map<String, String> trusting = Map.of(
                    RegistrySettings.TRUST_STORE,
                    store.toString(),
                    RegistrySettings.PREFIX + "ssl.truststore.type",
                    "PKCS12",
                    RegistrySettings.PREFIX + "ssl.truststore.password",
                    PASSWORD);
            try (HttpSchemaRegistry client = client(door.url(), trusting)) {
                assertThat(client.idOf(SUBJECT, SCHEMA)).isPositive();
            }
        }
    }

    private static SSLContext tls(Path store) throws Exception {
        KeyStore keys = KeyStore.getInstance(store.toFile(), PASSWORD.toCharArray());
        KeyManagerFactory managers = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        managers.init(keys, PASSWORD.toCharArray());
        SSLContext tls = SSLContext.getInstance("TLS");
        tls.init(managers.getKeyManagers(), null, null);
        return tls;
    }

    @Test
    void something_else_at_that_address_is_no_verdict_on_a_record() throws Exception {
        SpecificRecord record = RandomRecords.of(SCHEMA, 1, 1).get(0);
        byte[] bytes;
        try (HttpSchemaRegistry client = client(registry.url(), Map.of())) {
            bytes = new ConfluentAvroCodec(client).encode(Topics.EVENTS, record);
        }
        try (FrontDoor door = FrontDoor.before(registry.url()).refusing(1, 404);
                HttpSchemaRegistry client = client(door.url(), Map.of())) {
            ConfluentAvroCodec codec = new ConfluentAvroCodec(client);
            assertThatThrownBy(() -> codec.decode(bytes))
                    .isExactlyInstanceOf(RegistryException.class)
                    .hasMessageContaining("what answers at " + door.url() + " is no schema registry");
            assertThat(codec.decode(bytes)).isEqualTo(record);
        }
    }

    @Test
    void a_schema_is_registered_by_a_writer_only_where_that_is_asked_for() {
        Schema schema = Topics.eventTypes().get(0);
        String subject = SchemaRegistry.subject("some.other.topic", schema);
        try (HttpSchemaRegistry client = client(registry.url(), Map.of())) {
            assertThatThrownBy(() -> client.idOf(subject, schema))
                    .isExactlyInstanceOf(RegistryException.class)
                    .hasMessage("schema %s is not registered under subject %s: run 'keepup topics create'"
                            .formatted(schema.getFullName(), subject));
        }
        try (HttpSchemaRegistry client = client(registry.url(), Map.of(RegistrySettings.AUTO_REGISTER, "true"))) {
            assertThat(client.idOf(subject, schema)).isPositive();
        }
    }

    @Test
    void an_incompatible_schema_is_refused_with_subject_and_reason() {
        Schema changed = new Schema.Parser()
                .parse(SCHEMA.toString()
                        .replace("{\"name\":\"durableLsn\",\"type\":\"long\"", "{\"name\":\"lsn\",\"type\":\"long\""));
        try (HttpSchemaRegistry client = client(registry.url(), Map.of())) {
            assertThatThrownBy(() -> client.register(SUBJECT, changed))
                    .isExactlyInstanceOf(RegistryException.class)
                    .hasMessageContaining(SUBJECT)
                    .hasMessageContaining("incompatible with an earlier version")
                    .hasMessageContaining("lsn");
        }
    }

    @Test
    void over_a_restart_nothing_is_lost_and_the_bytes_stay_the_same() throws Exception {
        try (EmbeddedBroker own = EmbeddedBroker.start(directory.resolve("restarted"), 0)) {
            EmbeddedRegistry before = EmbeddedRegistry.start(own.bootstrapServers(), 0);
            int port = before.port();
            SpecificRecord record = RandomRecords.of(SCHEMA, 1, 2).get(0);
            byte[] bytes;
            try (HttpSchemaRegistry client = new HttpSchemaRegistry(before.url(), PATIENCE)) {
                client.register(SUBJECT, SCHEMA);
                bytes = new ConfluentAvroCodec(client).encode(Topics.EVENTS, record);
            }
            before.close();
            try (HttpSchemaRegistry client = new HttpSchemaRegistry("http://127.0.0.1:" + port, NONE)) {
                ConfluentAvroCodec codec = new ConfluentAvroCodec(client);
                assertThatThrownBy(() -> codec.encode(Topics.EVENTS, record))
                        .isExactlyInstanceOf(RegistryException.class);
                assertThatThrownBy(() -> codec.decode(bytes)).isExactlyInstanceOf(RegistryException.class);
                EmbeddedRegistry after = EmbeddedRegistry.start(own.bootstrapServers(), port);
                assertThat(notBusy(() -> codec.encode(Topics.EVENTS, record))).isEqualTo(bytes);
                assertThat(codec.decode(bytes)).isEqualTo(record);
                after.close();
            }
        }
    }

    /** Calls again while this machine is too busy to answer itself in time, which is another sentence. */
    private static <T> T notBusy(Callable<T> call) throws Exception {
        while (true) {
            try {
                return call.call();
            } catch (RegistryException e) {
                if (!e.getMessage().contains("does not answer within")) {
                    throw e;
                }
            }
        }
    }

    private static HttpSchemaRegistry client(String urls, Map<String, String> properties) {
        return new HttpSchemaRegistry(RegistrySettings.of(urls, properties), PATIENCE);
    }
}
