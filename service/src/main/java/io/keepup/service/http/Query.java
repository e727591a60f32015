package io.keepup.service.http;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Which query parameters a path knows. */
public final class Query {

    /** None: any is refused. */
    public static final Query NONE = new Query(List.of());

    /** Whatever others add to a path that they only look at; the first of each counts. */
    public static final Query ANY = new Query(null);

    private final List<String> known;

    private Query(List<String> known) {
        this.known = known;
    }

    /** These, each at most once. */
    public static Query of(String... names) {
        return new Query(List.of(names));
    }

    /** @throws RequestException when one is unknown, is there twice, or is not URL-encoded */
    Map<String, String> parse(String raw) {
        Map<String, String> values = new LinkedHashMap<>();
        for (String part : raw == null ? new String[0] : raw.split("&")) {
            if (!part.isEmpty()) {
                int equals = part.indexOf('=');
                String name = Urls.decode("the query", equals < 0 ? part : part.substring(0, equals));
                String value = equals < 0 ? "" : Urls.decode("the query", part.substring(equals + 1));
                add(values, name, value);
            }
        }
        return values;
    }

    private void add(Map<String, String> values, String name, String value) {
        if (known != null && !known.contains(name)) {
            throw RequestException.bad("there is no parameter '%s' here: %s"
                    .formatted(name, known.isEmpty() ? "leave it out" : "known is " + String.join(", ", known)));
        }
        if (values.putIfAbsent(name, value) != null && known != null) {
            throw RequestException.bad("parameter %s is there twice: give it once".formatted(name));
        }
    }
}
