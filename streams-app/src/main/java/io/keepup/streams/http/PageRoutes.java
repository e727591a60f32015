package io.keepup.streams.http;

import io.keepup.service.http.Answer;
import io.keepup.service.http.Query;
import io.keepup.service.http.Routes;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;

/** {@code /}: the page, three files out of the jar. It asks nobody but this server for anything. */
final class PageRoutes {

    private static final String POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:;"
            + " connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    void addTo(Routes routes) {
        file(routes, "/", "page.html", "text/html; charset=utf-8");
        file(routes, "/page.css", "page.css", "text/css; charset=utf-8");
        file(routes, "/page.js", "page.js", "text/javascript; charset=utf-8");
    }

    private static void file(Routes routes, String path, String resource, String contentType) {
        Answer content = Answer.ok(contentType, load(resource))
                .with("Cache-Control", "no-cache")
                .with("Content-Security-Policy", POLICY)
                .with("X-Content-Type-Options", "nosniff")
                .with("Referrer-Policy", "no-referrer");
        routes.get(path, Query.ANY, request -> content);
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
