package io.keepup.schemas.registry;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.avro.AvroRuntimeException;
import org.apache.avro.Schema;

/** Confluent's REST API over the JDK's HTTP client. Answers are cached for ever: ids are immutable. */
public final class HttpSchemaRegistry implements SchemaRegistry, AutoCloseable {

    private static final String CONTENT_TYPE = "application/vnd.schemaregistry.v1+json";
    private static final Duration CONNECT = Duration.ofSeconds(2);
    private static final Duration REQUEST = Duration.ofSeconds(5);
    private static final Duration PAUSE = Duration.ofMillis(100);

    private record SubjectSchema(String subject, Schema schema) {}

    private final String url;
    private final Duration patience;
    private final HttpClient http;
    private final ObjectMapper json = new ObjectMapper();
    private final Map<SubjectSchema, Integer> ids = new ConcurrentHashMap<>();
    private final Map<Integer, Schema> schemas = new ConcurrentHashMap<>();

    /**
     * @param url base URL, such as {@code http://127.0.0.1:8081}
     * @param patience how long a call is retried while the registry cannot be reached
     */
    public HttpSchemaRegistry(String url, Duration patience) {
        this.url = url.endsWith("/") ? url.substring(0, url.length() - 1) : url;
        this.patience = patience;
        this.http = HttpClient.newBuilder().connectTimeout(CONNECT).build();
    }

    @Override
    public int idOf(String subject, Schema schema) {
        Integer cached = ids.get(new SubjectSchema(subject, schema));
        if (cached != null) {
            return cached;
        }
        Answer answer = call("POST", "/subjects/" + encode(subject), schemaBody(schema));
        if (answer.status == 404) {
            throw new RegistryException("schema %s is not registered under subject %s: run 'keepup topics create'"
                    .formatted(schema.getFullName(), subject));
        }
        return remember(subject, schema, answer.expectOk("looking up subject " + subject));
    }

    @Override
    public int register(String subject, Schema schema) {
        Integer cached = ids.get(new SubjectSchema(subject, schema));
        if (cached != null) {
            return cached;
        }
        Answer answer = call("POST", "/subjects/" + encode(subject) + "/versions", schemaBody(schema));
        if (answer.status == 409) {
            throw new RegistryException(
                    "the registry refuses schema %s under subject %s as incompatible with an earlier version: %s"
                            .formatted(schema.getFullName(), subject, answer.message()));
        }
        return remember(subject, schema, answer.expectOk("registering under subject " + subject));
    }

    @Override
    public Schema byId(int id) {
        Schema cached = schemas.get(id);
        if (cached != null) {
            return cached;
        }
        Answer answer = call("GET", "/schemas/ids/" + id, null);
        if (answer.status == 404) {
            throw new UnknownSchemaException(id);
        }
        String text = answer.expectOk("reading schema id " + id).path("schema").asText();
        try {
            Schema schema = new Schema.Parser().parse(text);
            schemas.put(id, schema);
            return schema;
        } catch (AvroRuntimeException e) {
            throw new RegistryException("the registry's schema of id " + id + " is not Avro", e);
        }
    }

    private int remember(String subject, Schema schema, JsonNode answer) {
        int id = answer.path("id").asInt();
        ids.put(new SubjectSchema(subject, schema), id);
        schemas.putIfAbsent(id, schema);
        return id;
    }

    private String schemaBody(Schema schema) {
        return json.createObjectNode().put("schema", schema.toString()).toString();
    }

    private static String encode(String subject) {
        return URLEncoder.encode(subject, StandardCharsets.UTF_8);
    }

    /** Retries while the registry cannot be reached or answers 5xx; any other answer is an answer. */
    private Answer call(String method, String path, String body) {
        HttpRequest request = HttpRequest.newBuilder(URI.create(url + path))
                .timeout(REQUEST)
                .header("Content-Type", CONTENT_TYPE)
                .header("Accept", CONTENT_TYPE + ", application/json")
                .method(
                        method,
                        body == null ? HttpRequest.BodyPublishers.noBody() : HttpRequest.BodyPublishers.ofString(body))
                .build();
        long deadline = System.nanoTime() + patience.toNanos();
        while (true) {
            String failure;
            try {
                HttpResponse<String> response = http.send(request, HttpResponse.BodyHandlers.ofString());
                if (response.statusCode() < 500) {
                    return new Answer(response.statusCode(), response.body());
                }
                failure = "it answers " + response.statusCode();
            } catch (IOException e) {
                failure = e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new RegistryException("interrupted while asking the schema registry at " + url, e);
            }
            if (System.nanoTime() >= deadline) {
                throw new RegistryException(
                        "no schema registry at %s (%s): start it, or name the right one".formatted(url, failure));
            }
            pause();
        }
    }

    private void pause() {
        try {
            Thread.sleep(PAUSE);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new RegistryException("interrupted while waiting for the schema registry at " + url, e);
        }
    }

    @Override
    public void close() {
        http.close();
    }

    private final class Answer {
        final int status;
        final String body;

        Answer(int status, String body) {
            this.status = status;
            this.body = body;
        }

        JsonNode expectOk(String what) {
            if (status / 100 != 2) {
                throw new RegistryException("%s at %s failed with %d: %s".formatted(what, url, status, message()));
            }
            try {
                return json.readTree(body);
            } catch (JsonProcessingException e) {
                throw new RegistryException("%s at %s was not answered in JSON".formatted(what, url), e);
            }
        }

        String message() {
            try {
                return json.readTree(body).path("message").asText(body);
            } catch (JsonProcessingException e) {
                return body;
            }
        }
    }
}
