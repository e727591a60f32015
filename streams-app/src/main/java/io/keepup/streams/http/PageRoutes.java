package io.keepup.streams.http;

import io.helidon.http.HeaderNames;
import io.helidon.webserver.http.HttpRules;
import io.helidon.webserver.http.HttpService;
import io.helidon.webserver.http.ServerResponse;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;

/** {@code /}: the page, three files out of the jar. It asks nobody but this server for anything. */
final class PageRoutes implements HttpService {

    private static final String POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:;"
            + " connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    @Override
    public void routing(HttpRules rules) {
        file(rules, "/", "page.html", "text/html; charset=utf-8");
        file(rules, "/page.css", "page.css", "text/css; charset=utf-8");
        file(rules, "/page.js", "page.js", "text/javascript; charset=utf-8");
    }

    private static void file(HttpRules rules, String path, String resource, String contentType) {
        byte[] content = load(resource);
        rules.get(path, (request, response) -> send(response, contentType, content));
    }

    private static void send(ServerResponse response, String contentType, byte[] content) {
        response.header(HeaderNames.CONTENT_TYPE, contentType)
                .header(HeaderNames.CACHE_CONTROL, "no-cache")
                .header("Content-Security-Policy", POLICY)
                .header("X-Content-Type-Options", "nosniff")
                .header("Referrer-Policy", "no-referrer")
                .send(content);
    }

    private static byte[] load(String resource) {
        try (InputStream in = PageRoutes.class.getResourceAsStream(resource)) {
            if (in == null) {
                throw new IllegalStateException(resource + " is missing from this build");
            }
            return in.readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
