package io.keepup.schemas.registry;

import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import javax.net.ssl.SSLContext;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.config.ConfigDef;
import org.apache.kafka.common.config.ConfigException;
import org.apache.kafka.common.config.SslConfigs;
import org.apache.kafka.common.config.types.Password;
import org.apache.kafka.common.security.ssl.DefaultSslEngineFactory;

/**
 * Where the schema registry is and how to reach it, by the names Confluent's own clients have behind {@link #PREFIX}. Keys and
 * certificates are named as for Kafka ({@code ssl.truststore.location} …), PEM included.
 */
public final class RegistrySettings {

    /** What the names begin with in a properties file that Kafka's clients read too. */
    public static final String PREFIX = "schema.registry.";

    public static final String LOGIN = PREFIX + "basic.auth.user.info";
    public static final String TRUST_STORE = PREFIX + SslConfigs.SSL_TRUSTSTORE_LOCATION_CONFIG;
    public static final String AUTO_REGISTER = PREFIX + "auto.register.schemas";

    private static final String LOGIN_NAME = LOGIN.substring(PREFIX.length());
    private static final String AUTO_REGISTER_NAME = AUTO_REGISTER.substring(PREFIX.length());

    private static final ConfigDef DEFINITION = new ConfigDef()
            .define(
                    LOGIN_NAME,
                    ConfigDef.Type.PASSWORD,
                    null,
                    ConfigDef.Importance.HIGH,
                    "Login for HTTP basic authentication, user:password.")
            .define(
                    AUTO_REGISTER_NAME,
                    ConfigDef.Type.BOOLEAN,
                    false,
                    ConfigDef.Importance.LOW,
                    "Whether a writer registers a schema that its subject lacks; otherwise whoever creates the topic does.")
            .withClientSslSupport();

    private final List<String> urls;
    private final Map<String, Object> values;
    private final SSLContext tls;

    private RegistrySettings(List<String> urls, Map<String, Object> values, SSLContext tls) {
        this.urls = urls;
        this.values = values;
        this.tls = tls;
    }

    /** One registry that asks for no login. */
    public static RegistrySettings of(String urls) {
        return of(urls, Map.of());
    }

    /**
     * @param urls base URLs by comma; the others are asked when one cannot be reached
     * @param properties of which those that begin with {@link #PREFIX} are looked at
     * @throws IllegalArgumentException when a value cannot be used; one sentence that says which and why, never a password
     */
    public static RegistrySettings of(String urls, Map<String, String> properties) {
        Map<String, String> own = new HashMap<>();
        properties.forEach((name, value) -> {
            if (name.startsWith(PREFIX)) {
                own.put(name.substring(PREFIX.length()), value);
            }
        });
        for (String name : new TreeSet<>(own.keySet())) {
            if (!DEFINITION.names().contains(name)) {
                throw new IllegalArgumentException("there is no setting %s: %s, %s and %s… are the ones"
                        .formatted(PREFIX + name, LOGIN, AUTO_REGISTER, PREFIX + "ssl."));
            }
        }
        try {
            Map<String, Object> values = DEFINITION.parse(own);
            boolean ownTls = own.keySet().stream().anyMatch(name -> name.startsWith("ssl."));
            RegistrySettings settings =
                    new RegistrySettings(baseUrls(urls), values, ownTls ? tls(values) : SSLContext.getDefault());
            if (!settings.login().map(login -> login.contains(":")).orElse(true)) {
                throw new IllegalArgumentException(LOGIN + " is no login: write user:password");
            }
            return settings;
        } catch (ConfigException e) {
            throw new IllegalArgumentException(
                    "a setting that begins with %s cannot be used: %s".formatted(PREFIX, e.getMessage()), e);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalArgumentException("this Java has no TLS: " + e.getMessage(), e);
        }
    }

    private static List<String> baseUrls(String text) {
        List<String> urls = new ArrayList<>();
        for (String part : text.split(",")) {
            String url = part.strip().replaceFirst("/+$", "");
            URI uri;
            try {
                uri = URI.create(url);
            } catch (IllegalArgumentException e) {
                throw new IllegalArgumentException(noUrl(url), e);
            }
            if (uri.getUserInfo() != null) {
                throw new IllegalArgumentException(
                        "the registry's URL at %s holds a login: put it into %s".formatted(uri.getHost(), LOGIN));
            }
            if (uri.getHost() == null || !("http".equals(uri.getScheme()) || "https".equals(uri.getScheme()))) {
                throw new IllegalArgumentException(noUrl(url));
            }
            urls.add(url);
        }
        return List.copyOf(urls);
    }

    private static String noUrl(String url) {
        return "'%s' is not a URL of a registry: write it like http://127.0.0.1:8081, several by comma".formatted(url);
    }

    private static SSLContext tls(Map<String, Object> values) {
        try (DefaultSslEngineFactory factory = new DefaultSslEngineFactory()) {
            factory.configure(values);
            return factory.sslContext();
        } catch (KafkaException e) {
            Throwable reason = e.getCause() == null ? e : e.getCause();
            throw new IllegalArgumentException(
                    "keys or certificates of %sssl.… cannot be used: %s".formatted(PREFIX, reason.getMessage()), e);
        }
    }

    /** Base URLs without a slash at the end; at least one. */
    public List<String> urls() {
        return urls;
    }

    /** The header that carries the login, when there is one. */
    Optional<String> authorization() {
        return login().map(
                        login -> "Basic " + Base64.getEncoder().encodeToString(login.getBytes(StandardCharsets.UTF_8)));
    }

    private Optional<String> login() {
        return Optional.ofNullable((Password) values.get(LOGIN_NAME)).map(Password::value);
    }

    SSLContext tls() {
        return tls;
    }

    boolean autoRegister() {
        return (Boolean) values.get(AUTO_REGISTER_NAME);
    }
}
