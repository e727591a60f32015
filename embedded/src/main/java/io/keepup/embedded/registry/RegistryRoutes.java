package io.keepup.embedded.registry;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.helidon.http.HeaderNames;
import io.helidon.webserver.http.Handler;
import io.helidon.webserver.http.HttpRouting;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import io.keepup.embedded.registry.RegistryException.Code;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The REST API: paths and JSON to {@link Registry} and back. */
final class RegistryRoutes {

    private static final String CONTENT_TYPE = "application/vnd.schemaregistry.v1+json";
    private static final Logger log = LoggerFactory.getLogger(RegistryRoutes.class);
    private static final ObjectMapper JSON = new ObjectMapper();

    private final Registry registry;

    RegistryRoutes(Registry registry) {
        this.registry = registry;
    }

    void addTo(HttpRouting.Builder routing) {
        subjects(routing);
        schemas(routing);
        compatibility(routing);
        settings(routing);
        routing.get("/", answer(request -> Map.of()))
                .get("/livez", answer(request -> Map.of("live", true)))
                .get("/readyz", answer(this::ready))
                .any(answer(request -> {
                    throw new RegistryException(
                            Code.NOT_FOUND,
                            "HTTP 404 Not Found: no %s %s here"
                                    .formatted(
                                            request.prologue().method(),
                                            request.path().rawPath()));
                }));
    }

    private void subjects(HttpRouting.Builder routing) {
        routing.get("/subjects", answer(request -> registry.subjects(flag(request, "deleted")).stream()
                        .filter(subject -> subject.startsWith(
                                request.query().first("subjectPrefix").orElse("")))
                        .toList()))
                .post(
                        "/subjects/{subject}",
                        answer(request -> json(
                                registry.lookup(subject(request), schemaOf(body(request)), flag(request, "deleted")))))
                .delete(
                        "/subjects/{subject}",
                        answer(request -> registry.deleteSubject(subject(request), flag(request, "permanent"))))
                .get(
                        "/subjects/{subject}/versions",
                        answer(request -> registry.versions(subject(request), flag(request, "deleted")).stream()
                                .map(SchemaVersion::version)
                                .toList()))
                .post(
                        "/subjects/{subject}/versions",
                        answer(request -> Map.of("id", registry.register(subject(request), schemaOf(body(request))))))
                .get("/subjects/{subject}/versions/{version}", answer(request -> json(versionAsked(request))))
                .get(
                        "/subjects/{subject}/versions/{version}/schema",
                        answer(request -> new Verbatim(versionAsked(request).text())))
                .delete(
                        "/subjects/{subject}/versions/{version}",
                        answer(request -> registry.deleteVersion(
                                subject(request), versionNumber(request), flag(request, "permanent"))));
    }

    private void schemas(HttpRouting.Builder routing) {
        routing.get("/schemas/types", answer(request -> List.of("AVRO")))
                .get("/schemas/ids/{id}", answer(request -> Map.of("schema", registry.schemaText(id(request)))))
                .get("/schemas/ids/{id}/schema", answer(request -> new Verbatim(registry.schemaText(id(request)))))
                .get("/schemas/ids/{id}/subjects", answer(request -> uses(request).stream()
                        .map(SchemaVersion::subject)
                        .distinct()
                        .toList()))
                .get("/schemas/ids/{id}/versions", answer(request -> uses(request).stream()
                        .map(use -> Map.of("subject", use.subject(), "version", use.version()))
                        .toList()));
    }

    private void compatibility(HttpRouting.Builder routing) {
        routing.post(
                        "/compatibility/subjects/{subject}/versions",
                        answer(request ->
                                verdict(request, registry.violations(subject(request), schemaOf(body(request))))))
                .post(
                        "/compatibility/subjects/{subject}/versions/{version}",
                        answer(request -> verdict(
                                request,
                                registry.violationsAgainst(
                                        subject(request), versionNumber(request), schemaOf(body(request))))));
    }

    private void settings(HttpRouting.Builder routing) {
        routing.get("/config", answer(request -> Map.of("compatibilityLevel", registry.globalLevel())))
                .put(
                        "/config",
                        answer(request -> Map.of("compatibility", registry.setLevel(null, levelOf(body(request))))))
                .delete("/config", answer(request -> Map.of("compatibilityLevel", registry.clearLevel(null))))
                .get(
                        "/config/{subject}",
                        answer(request -> Map.of(
                                "compatibilityLevel",
                                flag(request, "defaultToGlobal")
                                        ? registry.level(subject(request))
                                        : registry.ownLevel(subject(request)))))
                .put(
                        "/config/{subject}",
                        answer(request ->
                                Map.of("compatibility", registry.setLevel(subject(request), levelOf(body(request))))))
                .delete(
                        "/config/{subject}",
                        answer(request -> Map.of("compatibilityLevel", registry.clearLevel(subject(request)))))
                .get("/mode", answer(request -> Map.of("mode", "READWRITE")))
                .get("/mode/{subject}", answer(this::subjectMode));
    }

    private Object ready(ServerRequest request) {
        if (!registry.healthy()) {
            throw new RegistryException(Code.STORE, "Topic %s is no longer followed".formatted(SchemasTopic.NAME));
        }
        return Map.of("ready", true);
    }

    private Object subjectMode(ServerRequest request) {
        if (!flag(request, "defaultToGlobal")) {
            throw new RegistryException(
                    Code.MODE_NOT_CONFIGURED,
                    "Subject '%s' does not have subject-level mode configured".formatted(subject(request)));
        }
        return Map.of("mode", "READWRITE");
    }

    private SchemaVersion versionAsked(ServerRequest request) {
        return registry.version(subject(request), versionNumber(request), flag(request, "deleted"));
    }

    private List<SchemaVersion> uses(ServerRequest request) {
        return registry.uses(id(request), flag(request, "deleted"));
    }

    private static Object verdict(ServerRequest request, List<String> violations) {
        return flag(request, "verbose")
                ? Map.of("is_compatible", violations.isEmpty(), "messages", violations)
                : Map.of("is_compatible", violations.isEmpty());
    }

    private static Map<String, Object> json(SchemaVersion version) {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("subject", version.subject());
        json.put("version", version.version());
        json.put("id", version.id());
        json.put("schema", version.text());
        return json;
    }

    private static String subject(ServerRequest request) {
        return request.path().pathParameters().get("subject");
    }

    private static int id(ServerRequest request) {
        String id = request.path().pathParameters().get("id");
        try {
            return Integer.parseInt(id);
        } catch (NumberFormatException e) {
            throw new RegistryException(Code.NOT_FOUND, "HTTP 404 Not Found: '%s' is no schema id".formatted(id), e);
        }
    }

    private static int versionNumber(ServerRequest request) {
        String version = request.path().pathParameters().get("version");
        int number = version.equals("latest") ? Registry.LATEST : parsed(version);
        if (number < 1 && number != Registry.LATEST) {
            throw new RegistryException(
                    Code.INVALID_VERSION,
                    "The specified version '%s' is not a valid version id. Allowed values are between [1, 2^31-1] and the string \"latest\""
                            .formatted(version));
        }
        return number;
    }

    private static int parsed(String version) {
        try {
            return Integer.parseInt(version);
        } catch (NumberFormatException e) {
            return 0;
        }
    }

    private static boolean flag(ServerRequest request, String name) {
        return request.query().first(name).map(Boolean::parseBoolean).orElse(false);
    }

    private static JsonNode body(ServerRequest request) {
        try {
            JsonNode body = JSON.readTree(request.content().inputStream());
            if (body == null || !body.isObject()) {
                throw new RegistryException(Code.BAD_REQUEST, "The request's body is not a JSON object");
            }
            return body;
        } catch (JsonProcessingException e) {
            throw new RegistryException(
                    Code.BAD_REQUEST, "The request's body is not JSON: " + e.getOriginalMessage(), e);
        } catch (IOException e) {
            throw new RegistryException(Code.BAD_REQUEST, "The request's body cannot be read: " + e.getMessage(), e);
        }
    }

    private static String schemaOf(JsonNode body) {
        String type = body.path("schemaType").asText("AVRO");
        if (!type.equals("AVRO")) {
            throw new RegistryException(
                    Code.INVALID_SCHEMA, "Invalid schema type %s: this registry keeps AVRO".formatted(type));
        }
        if (!body.path("references").isEmpty()) {
            throw new RegistryException(
                    Code.INVALID_SCHEMA, "Schema references are not supported: inline the named types");
        }
        if (!body.path("schema").isTextual()) {
            throw new RegistryException(Code.INVALID_SCHEMA, "Invalid schema: the request has no \"schema\"");
        }
        return body.get("schema").asText();
    }

    private static String levelOf(JsonNode body) {
        return body.path("compatibility").asText("");
    }

    /** Already JSON. */
    private record Verbatim(String json) {}

    private interface Answer {
        Object to(ServerRequest request);
    }

    private static Handler answer(Answer answer) {
        return (request, response) -> {
            try {
                send(response, 200, answer.to(request));
            } catch (RegistryException e) {
                sendError(response, e.code(), e.getMessage());
            } catch (RuntimeException e) {
                log.error("{} failed", request.path().rawPath(), e);
                sendError(response, Code.INTERNAL, "Internal Server Error: see the registry's log");
            }
        };
    }

    private static void sendError(ServerResponse response, Code code, String message) throws JsonProcessingException {
        Map<String, Object> error = new LinkedHashMap<>();
        error.put("error_code", code.number());
        error.put("message", message);
        send(response, code.httpStatus(), error);
    }

    private static void send(ServerResponse response, int status, Object content) throws JsonProcessingException {
        byte[] bytes = content instanceof Verbatim verbatim
                ? verbatim.json().getBytes(java.nio.charset.StandardCharsets.UTF_8)
                : JSON.writeValueAsBytes(content);
        response.status(status).header(HeaderNames.CONTENT_TYPE, CONTENT_TYPE).send(bytes);
    }
}
