package io.keepup.embedded.registry;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/** A client of the REST API that shows every answer as it is. */
final class Rest {

    static final ObjectMapper JSON = new ObjectMapper();

    private final HttpClient http = HttpClient.newHttpClient();
    private final String url;

    Rest(String url) {
        this.url = url;
    }

    /** An answer: the HTTP status and the JSON. */
    record Reply(int status, JsonNode json) {

        JsonNode ok() {
            assertThat(status).as("status of %s", json).isEqualTo(200);
            return json;
        }

        void isError(int httpStatus, int code) {
            assertThat(status).as("status of %s", json).isEqualTo(httpStatus);
            assertThat(json.path("error_code").asInt()).as("code of %s", json).isEqualTo(code);
            assertThat(json.path("message").asText()).isNotBlank();
        }
    }

    Reply get(String path) throws Exception {
        return send("GET", path, null);
    }

    Reply delete(String path) throws Exception {
        return send("DELETE", path, null);
    }

    Reply put(String path, Object body) throws Exception {
        return send("PUT", path, JSON.writeValueAsString(body));
    }

    Reply post(String path, Object body) throws Exception {
        return send("POST", path, JSON.writeValueAsString(body));
    }

    Reply register(String subject, String schema) throws Exception {
        return post("/subjects/" + encode(subject) + "/versions", Map.of("schema", schema));
    }

    int idOf(String subject, String schema) throws Exception {
        return register(subject, schema).ok().get("id").asInt();
    }

    Reply send(String method, String path, String body) throws Exception {
        HttpResponse<String> response = http.send(
                HttpRequest.newBuilder(URI.create(url + path))
                        .header("Content-Type", "application/vnd.schemaregistry.v1+json")
                        .method(method, body == null ? BodyPublishers.noBody() : BodyPublishers.ofString(body))
                        .build(),
                HttpResponse.BodyHandlers.ofString());
        assertThat(response.headers().firstValue("Content-Type")).contains("application/vnd.schemaregistry.v1+json");
        return new Reply(response.statusCode(), JSON.readTree(response.body()));
    }

    static String encode(String segment) {
        return URLEncoder.encode(segment, StandardCharsets.UTF_8).replace("+", "%20");
    }
}
