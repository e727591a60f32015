package io.keepup.service.http;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.keepup.service.http.RawHttp.Response;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Timeout(60)
class HttpServerTest {

    private static final int MAX_BODY = 100;

    /** What handlers were called for. */
    private final List<String> done = new CopyOnWriteArrayList<>();

    private HttpServer server;

    @BeforeEach
    void start() {
        Routes routes = new Routes(HttpServerTest::error)
                .get("/", Query.ANY, request -> text("root"))
                .get("/things/{id}", Query.of("count", "word"), this::get)
                .on("PUT", "/things/{id}", Query.NONE, this::put)
                .get("/things/{id}/parts", Query.NONE, request -> text("parts of " + request.path("id")));
        server = HttpServer.start("127.0.0.1", 0, MAX_BODY, routes);
    }

    @AfterEach
    void stop() {
        server.close();
    }

    private Answer get(Request request) {
        String said = "%s %d %s"
                .formatted(request.path("id"), request.number("count", 1, 9, 7), request.word("word", "yes", "no"));
        done.add(said);
        return text(said);
    }

    private Answer put(Request request) {
        byte[] body = request.body(MAX_BODY);
        done.add("put " + body.length);
        return text("put " + body.length);
    }

    private static Answer text(String text) {
        return Answer.ok("text/plain", text.getBytes(UTF_8));
    }

    private static Answer error(String request, RuntimeException failure) {
        return failure instanceof RequestException wrong
                ? Answer.json(wrong.kind().status(), Map.of("message", wrong.getMessage()))
                : Answer.json(500, Map.of("message", String.valueOf(failure)));
    }

    private Response send(String text) throws Exception {
        try (RawHttp http = new RawHttp(server.port())) {
            return http.write(text).response();
        }
    }

    private Response get(String target) throws Exception {
        return send("GET " + target + " HTTP/1.1\nHost: x\n\n");
    }

    @Test
    void S_F9_head_is_get_without_the_body_and_the_connection_goes_on() throws Exception {
        try (RawHttp http = new RawHttp(server.port())) {
            for (String target : List.of("/things/a", "/nothing", "/things/a?count=x")) {
                Response get =
                        http.write("GET " + target + " HTTP/1.1\nHost: x\n\n").response();
                Response head =
                        http.write("HEAD " + target + " HTTP/1.1\nHost: x\n\n").head();
                assertThat(head.status()).as(target).isEqualTo(get.status());
                assertThat(head.headers().get("content-length"))
                        .isEqualTo(String.valueOf(get.body().length()))
                        .isEqualTo(get.headers().get("content-length"));
                assertThat(head.headers().get("content-type"))
                        .isEqualTo(get.headers().get("content-type"));
            }
            assertThat(http.write("GET / HTTP/1.1\nHost: x\n\n").response().body())
                    .isEqualTo("root");
        }
    }

    @Test
    void S_F9_a_method_that_a_path_does_not_have_is_told_which_it_has() throws Exception {
        for (String method : List.of("POST", "DELETE", "OPTIONS", "TRACE", "BREW")) {
            Response refused = send(method + " /things/a HTTP/1.1\nHost: x\nContent-Length: 0\n\n");
            assertThat(refused.status()).as(method).isEqualTo(405);
            assertThat(refused.headers()).containsEntry("allow", "GET, HEAD, PUT");
            assertThat(refused.body()).contains(method + " is not for this path: use GET or HEAD or PUT");
        }
        assertThat(send("POST /nothing HTTP/1.1\nHost: x\nContent-Length: 0\n\n")
                        .status())
                .isEqualTo(404);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "count=0                        | count must be a whole number from 1 to 9, not '0'",
                "count=10                       | count must be a whole number from 1 to 9",
                "count=-1                       | count must be a whole number from 1 to 9",
                "count=99999999999999999999     | count must be a whole number from 1 to 9",
                "count=                         | count must be a whole number from 1 to 9, not ''",
                "count                          | count must be a whole number from 1 to 9, not ''",
                "count=+5                       | count must be a whole number from 1 to 9, not '+5'",
                "count=%205                     | count must be a whole number from 1 to 9, not ' 5'",
                "count=%D9%A5                   | count must be a whole number from 1 to 9",
                "count=5%00                     | count must be a whole number from 1 to 9, not '5?'",
                "count=1e0                      | count must be a whole number",
                "count=0x1                      | count must be a whole number",
                "count=1&count=2                | parameter count is there twice: give it once",
                "count=1&count=1                | parameter count is there twice: give it once",
                "cuont=1                        | there is no parameter 'cuont' here: known is count, word",
                "Count=1                        | there is no parameter 'Count' here",
                "=1                             | there is no parameter '' here",
                "word=maybe                     | word must be yes or no, not 'maybe'",
                "word=                          | word must be yes or no, not ''",
                "count=%zz                      | this is not a request that can be read",
            })
    void S_F9_parameters_that_make_no_sense_are_refused_before_anything_is_done(String query, String sentence)
            throws Exception {
        Response refused = get("/things/a?" + query);
        assertThat(refused.status()).as(refused.body()).isEqualTo(400);
        assertThat(refused.body()).contains(sentence).doesNotContain("\\n");
        assertThat(done).isEmpty();
    }

    @Test
    void S_F9_a_path_is_taken_apart_before_it_is_decoded() throws Exception {
        assertThat(get("/things/a%2Fparts").body()).isEqualTo("a/parts 7 yes");
        assertThat(get("/things/a+b%20c").body()).isEqualTo("a+b c 7 yes");
        assertThat(get("/things/..").body()).isEqualTo(".. 7 yes");
        assertThat(get("/things/%2e%2e/parts").body()).isEqualTo("parts of ..");
        assertThat(get("//things//a/").body()).isEqualTo("a 7 yes");
        assertThat(get("/things/a;count=3").body()).isEqualTo("a;count=3 7 yes");
        assertThat(get("/x/../things/a").status()).isEqualTo(404);
        assertThat(get("/things/a?count=3&word=no&").body()).isEqualTo("a 3 no");
        assertThat(get("/?whatever=1&whatever=2").body()).isEqualTo("root");
        Response malformed = get("/things/%zz");
        assertThat(malformed.status()).isEqualTo(400);
        assertThat(malformed.body()).contains("message");
    }

    @Test
    void S_F9_a_body_that_is_too_large_is_refused_by_its_length() throws Exception {
        Response refused = send("PUT /things/a HTTP/1.1\nHost: x\nContent-Length: 99999999999\n\n");
        assertThat(refused.status()).isEqualTo(413);
        assertThat(refused.body()).contains("the body is too large: send at most 100 bytes");
        Response chunked = send(
                "PUT /things/a HTTP/1.1\nHost: x\nTransfer-Encoding: chunked\n\n65\n" + "x".repeat(101) + "\n0\n\n");
        assertThat(chunked.status()).isEqualTo(413);
        assertThat(chunked.body()).contains("the body is too large: send at most 100 bytes");
        assertThat(done).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "Content-Length: -1, 400",
        "Content-Length: x, 400",
        "Content-Length: 99999999999999999999, 400",
        "Content-Length: 3\\nContent-Length: 4, 400",
        "Content-Length: 3\\nTransfer-Encoding: chunked, 400",
        "Content-Length: 3\\nContent-Range: bytes 0-2/9, 400",
        "Content-Length: 3\\nContent-Encoding: gzip, 400",
    })
    void S_F9_headers_that_make_no_sense_of_a_body_are_refused(String headers, int status) throws Exception {
        Response refused = send("PUT /things/a HTTP/1.1\nHost: x\n" + headers.replace("\\n", "\n") + "\n\nabc");
        assertThat(refused.status()).as(refused.body()).isEqualTo(status);
        assertThat(refused.body()).contains("message");
        assertThat(done).isEmpty();
    }

    @Test
    void S_F9_a_body_that_ends_too_early_is_no_body() throws Exception {
        for (String start : List.of(
                "Content-Length: 50\n\nabc",
                "Transfer-Encoding: chunked\n\n32\nabc",
                "Transfer-Encoding: chunked\n\n3\nabc\n")) {
            try (RawHttp http = new RawHttp(server.port())) {
                http.write("PUT /things/a HTTP/1.1\nHost: x\n" + start).end();
                assertThat(statusOrClosed(http)).isIn(-1, 400);
            }
        }
        assertThat(done).isEmpty();
        assertThat(send("PUT /things/a HTTP/1.1\nHost: x\nContent-Length: 3\n\nabc")
                        .body())
                .isEqualTo("put 3");
        assertThat(send("PUT /things/a HTTP/1.1\nHost: x\nContent-Length: 0\n\n")
                        .body())
                .isEqualTo("put 0");
    }

    private static int statusOrClosed(RawHttp http) {
        try {
            return http.response().status();
        } catch (java.io.IOException e) {
            return -1;
        }
    }

    @Test
    void S_F9_what_is_no_request_is_answered_in_the_servers_form() throws Exception {
        for (String nonsense : List.of("nonsense\n\n", "GET /things/a HTTP/9.9\n\n", "GET /things/a\n\n")) {
            Response refused = send(nonsense);
            assertThat(refused.status()).as(nonsense).isIn(400, 505);
        }
        assertThat(send("nonsense\n\n").body()).contains("this is not a request that can be read");
    }
}
