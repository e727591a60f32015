package io.keepup.cli;

import static java.util.stream.Collectors.joining;
import static org.apache.kafka.common.acl.AclOperation.CREATE;
import static org.apache.kafka.common.acl.AclOperation.DELETE;
import static org.apache.kafka.common.acl.AclOperation.DESCRIBE;
import static org.apache.kafka.common.acl.AclOperation.DESCRIBE_CONFIGS;
import static org.apache.kafka.common.acl.AclOperation.READ;
import static org.apache.kafka.common.acl.AclOperation.WRITE;
import static org.apache.kafka.common.resource.PatternType.LITERAL;
import static org.apache.kafka.common.resource.PatternType.PREFIXED;
import static org.apache.kafka.common.resource.ResourceType.GROUP;
import static org.apache.kafka.common.resource.ResourceType.TOPIC;
import static org.apache.kafka.common.resource.ResourceType.TRANSACTIONAL_ID;

import io.keepup.embedded.EmbeddedBroker;
import io.keepup.embedded.registry.EmbeddedRegistry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.common.acl.AccessControlEntry;
import org.apache.kafka.common.acl.AclBinding;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.acl.AclPermissionType;
import org.apache.kafka.common.resource.PatternType;
import org.apache.kafka.common.resource.ResourcePattern;
import org.apache.kafka.common.resource.ResourceType;

/** A broker that speaks TLS only, wants a login, and allows each login what docs/operator.md says its part needs. */
final class SecuredBroker implements AutoCloseable {

    /** Has a login, and no rights. */
    static final String STRANGER = "stranger";

    private static final String ADMIN = "admin";
    private static final String STORE_PASSWORD = "store-secret";
    private static final List<String> LOGINS =
            List.of("broker", ADMIN, "setup", "streams", "node", "operator", STRANGER);

    private final Path directory;
    private final EmbeddedBroker broker;
    private final EmbeddedRegistry registry;

    private SecuredBroker(Path directory, EmbeddedBroker broker, EmbeddedRegistry registry) {
        this.directory = directory;
        this.broker = broker;
        this.registry = registry;
    }

    static SecuredBroker start(Path directory) throws Exception {
        keytool(
                "-genkeypair -alias broker -keyalg EC -groupname secp256r1 -validity 2 -dname CN=broker -ext SAN=IP:127.0.0.1"
                        + " -storetype PKCS12",
                "-keystore",
                directory.resolve("broker.p12"));
        keytool(
                "-exportcert -rfc -alias broker",
                "-keystore",
                directory.resolve("broker.p12"),
                "-file",
                directory.resolve("trusted.pem"));
        EmbeddedBroker broker = EmbeddedBroker.start(directory.resolve("kafka"), 0, settings(directory));
        try {
            Map<String, Object> admin = new HashMap<>(client(directory, ADMIN, password(ADMIN)));
            admin.put("bootstrap.servers", broker.bootstrapServers());
            allow(admin);
            return new SecuredBroker(directory, broker, EmbeddedRegistry.start(admin, 0));
        } catch (Exception e) {
            broker.close();
            throw e;
        }
    }

    private static Map<String, String> settings(Path directory) {
        Map<String, String> settings = new HashMap<>();
        settings.put("listener.security.protocol.map", "CLIENT:SASL_SSL,CONTROLLER:PLAINTEXT");
        settings.put("sasl.enabled.mechanisms", "PLAIN");
        settings.put("sasl.mechanism.inter.broker.protocol", "PLAIN");
        settings.put(
                "listener.name.client.plain.sasl.jaas.config",
                LOGINS.stream()
                        .map(login -> "user_%s=\"%s\"".formatted(login, password(login)))
                        .collect(joining(" ", login("broker", password("broker")) + " ", ";")));
        settings.put(
                "listener.name.client.ssl.keystore.location",
                directory.resolve("broker.p12").toString());
        settings.put("listener.name.client.ssl.keystore.type", "PKCS12");
        settings.put("listener.name.client.ssl.keystore.password", STORE_PASSWORD);
        settings.put(
                "listener.name.client.ssl.truststore.location",
                directory.resolve("trusted.pem").toString());
        settings.put("listener.name.client.ssl.truststore.type", "PEM");
        settings.put("authorizer.class.name", "org.apache.kafka.metadata.authorizer.StandardAuthorizer");
        // The controller's listener, on loopback, knows no login.
        settings.put("super.users", "User:broker;User:admin;User:ANONYMOUS");
        return settings;
    }

    private static String password(String login) {
        return login + "-secret";
    }

    private static String login(String name, String password) {
        return "org.apache.kafka.common.security.plain.PlainLoginModule required username=\"%s\" password=\"%s\""
                .formatted(name, password);
    }

    private static Map<String, String> client(Path directory, String login, String password) {
        return Map.of(
                "security.protocol", "SASL_SSL",
                "sasl.mechanism", "PLAIN",
                "sasl.jaas.config", login(login, password) + ";",
                "ssl.truststore.type", "PEM",
                "ssl.truststore.location", directory.resolve("trusted.pem").toString());
    }

    /** A settings file of a login, as docs/operator.md shows one. */
    Path settingsOf(String login) throws IOException {
        return settingsOf(login, password(login));
    }

    Path settingsOf(String login, String password) throws IOException {
        return Files.write(
                directory.resolve(login + "-" + password + ".properties"),
                client(directory, login, password).entrySet().stream()
                        .map(e -> e.getKey() + "=" + e.getValue())
                        .sorted()
                        .toList());
    }

    String bootstrap() {
        return broker.bootstrapServers();
    }

    String registryUrl() {
        return registry.url();
    }

    // -------------------------------------------------------------- who may what

    private static void allow(Map<String, Object> admin) throws Exception {
        List<AclBinding> acls = Stream.of(
                        acls("setup", TOPIC, PREFIXED, "keepup.", CREATE, DESCRIBE, DESCRIBE_CONFIGS),
                        acls("streams", TOPIC, PREFIXED, "keepup.", DESCRIBE),
                        acls("streams", TOPIC, LITERAL, "keepup.events.v1", READ, WRITE),
                        acls("streams", TOPIC, PREFIXED, "keepup.commands.", WRITE),
                        acls("streams", TOPIC, LITERAL, "keepup.projections.v1", READ, WRITE),
                        acls("streams", TOPIC, LITERAL, "keepup.sessions.v1", READ, WRITE),
                        acls("streams", TOPIC, LITERAL, "keepup.rejected.v1", READ, WRITE),
                        acls("streams", TOPIC, PREFIXED, "keepup-", CREATE, DESCRIBE, READ, WRITE),
                        acls("streams", GROUP, LITERAL, "keepup", READ),
                        acls("streams", TRANSACTIONAL_ID, PREFIXED, "keepup-", WRITE),
                        acls("node", TOPIC, LITERAL, "keepup.events.v1", WRITE),
                        acls("node", TOPIC, PREFIXED, "keepup.commands.", READ),
                        acls("node", TOPIC, PREFIXED, "keepup.sync.", READ, WRITE),
                        acls("node", TOPIC, PREFIXED, "keepup.wal.", CREATE, READ, WRITE, DELETE),
                        acls("node", TOPIC, PREFIXED, "keepup.base.", CREATE, READ, WRITE, DELETE),
                        acls("node", GROUP, PREFIXED, "keepup-node-", READ),
                        acls("operator", TOPIC, PREFIXED, "keepup.", READ),
                        acls("operator", TOPIC, LITERAL, "keepup.events.v1", WRITE),
                        acls("operator", GROUP, LITERAL, "keepup", DESCRIBE))
                .flatMap(List::stream)
                .toList();
        try (Admin client = Admin.create(admin)) {
            client.createAcls(acls).all().get();
        }
    }

    private static List<AclBinding> acls(
            String login, ResourceType type, PatternType pattern, String name, AclOperation... operations) {
        return Stream.of(operations)
                .map(operation -> new AclBinding(
                        new ResourcePattern(type, name, pattern),
                        new AccessControlEntry("User:" + login, "*", operation, AclPermissionType.ALLOW)))
                .toList();
    }

    private static void keytool(String words, Object... more) throws Exception {
        Process keytool = new ProcessBuilder(Stream.concat(
                                Stream.concat(
                                        Stream.of(Path.of(System.getProperty("java.home"), "bin", "keytool")
                                                .toString()),
                                        Stream.of(words.split(" "))),
                                Stream.concat(
                                        Stream.of(more).map(Object::toString), Stream.of("-storepass", STORE_PASSWORD)))
                        .toList())
                .redirectErrorStream(true)
                .start();
        String said = new String(keytool.getInputStream().readAllBytes());
        if (keytool.waitFor() != 0) {
            throw new AssertionError("keytool: " + said);
        }
    }

    @Override
    public void close() {
        registry.close();
        broker.close();
    }
}
