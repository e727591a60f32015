package io.keepup.embedded.registry;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.keepup.embedded.registry.RegistryException.Code;
import io.keepup.service.http.Request;
import java.io.IOException;

/**
 * One request to the REST API, and what its parts mean.
 */
record Call(Request request) {

    /** Largest schema taken, characters. */
    static final int MAX_SCHEMA_CHARS = 1 << 20;

    private static final ObjectMapper JSON = new ObjectMapper();

    String subject() {
        return request.path("subject");
    }

    int id() {
        String id = request.path("id");
        try {
            return Integer.parseInt(id);
        } catch (NumberFormatException e) {
            throw new RegistryException(Code.NOT_FOUND, "HTTP 404 Not Found: '%s' is no schema id".formatted(id), e);
        }
    }

    /** The path's version, {@link Registry#LATEST} for the newest. */
    int version() {
        String version = request.path("version");
        int number = version.equals("latest") ? Registry.LATEST : numberOrZero(version);
        if (number < 1 && number != Registry.LATEST) {
            throw new RegistryException(
                    Code.INVALID_VERSION,
                    "The specified version '%s' is not a valid version id. Allowed values are between [1, 2^31-1] and the string \"latest\""
                            .formatted(version));
        }
        return number;
    }

    /** A query parameter that is true or, when absent, false. */
    boolean flag(String name) {
        return Boolean.parseBoolean(query(name));
    }

    /** A query parameter, empty when absent. */
    String query(String name) {
        return request.query(name, "");
    }

    /** The body's Avro schema, as sent. */
    String schema() {
        JsonNode body = body();
        String type = body.path("schemaType").asText("AVRO");
        if (!type.equals("AVRO")) {
            throw new RegistryException(
                    Code.INVALID_SCHEMA, "Invalid schema type %s: this registry keeps AVRO".formatted(type));
        }
        if (!body.path("references").isEmpty()) {
            throw new RegistryException(
                    Code.INVALID_SCHEMA, "Invalid schema: references are not supported, inline the named types");
        }
        String schema = body.path("schema").asText("");
        if (schema.isBlank()) {
            throw new RegistryException(Code.INVALID_SCHEMA, "Invalid schema: the request has no \"schema\"");
        }
        if (schema.length() > MAX_SCHEMA_CHARS) {
            throw new RegistryException(
                    Code.SCHEMA_TOO_LARGE,
                    "Schema of %s characters is larger than the %s this registry takes"
                            .formatted(schema.length(), MAX_SCHEMA_CHARS));
        }
        return schema;
    }

    /** The body's compatibility level, as sent; empty when there is none. */
    String level() {
        return body().path("compatibility").asText("");
    }

    private JsonNode body() {
        try {
            JsonNode body = JSON.readTree(request.body(EmbeddedRegistry.MAX_REQUEST_BYTES));
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

    private static int numberOrZero(String text) {
        try {
            return Integer.parseInt(text);
        } catch (NumberFormatException e) {
            return 0;
        }
    }
}
