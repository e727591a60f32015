package io.keepup.service.http;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.net.URLDecoder;
import java.util.ArrayList;
import java.util.List;

/** Takes URLs apart before they are decoded, so that a part may hold what separates parts. */
final class Urls {

    private Urls() {}

    /** The parts between slashes; empty ones do not count. */
    static List<String> segments(String rawPath) {
        List<String> segments = new ArrayList<>();
        for (String segment : rawPath.split("/")) {
            if (!segment.isEmpty()) {
                segments.add(decode("the path", segment));
            }
        }
        return segments;
    }

    /** @throws RequestException when it is not URL-encoded */
    static String decode(String what, String text) {
        try {
            // URLDecoder is for forms, where + is a space; in a URL it is itself.
            return URLDecoder.decode(text.replace("+", "%2B"), UTF_8);
        } catch (IllegalArgumentException e) {
            throw new RequestException(
                    RequestException.Kind.BAD_REQUEST, what + " is not URL-encoded: encode a % as %25", e);
        }
    }
}
