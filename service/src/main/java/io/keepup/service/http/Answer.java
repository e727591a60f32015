package io.keepup.service.http;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.Map;
import java.util.TreeMap;

/**
 * What is answered to a request, as a value: the server sends it, with or without the body.
 *
 * @param headers besides content type and length
 */
public record Answer(int status, String contentType, byte[] body, Map<String, String> headers) {

    private static final ObjectMapper JSON = new ObjectMapper();

    /** Status 200. */
    public static Answer ok(String contentType, byte[] body) {
        return new Answer(200, contentType, body, Map.of());
    }

    /** Whatever Jackson makes of the value. */
    public static Answer json(int status, Object value) {
        try {
            return new Answer(status, "application/json", JSON.writeValueAsBytes(value), Map.of());
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("an answer has no JSON form", e);
        }
    }

    /** The same with one more header. */
    public Answer with(String name, String value) {
        Map<String, String> more = new TreeMap<>(headers);
        more.put(name, value);
        return new Answer(status, contentType, body, more);
    }
}
