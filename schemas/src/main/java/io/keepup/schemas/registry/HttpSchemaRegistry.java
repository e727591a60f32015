package io.keepup.schemas.registry;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.MissingNode;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Collectors;
import javax.net.ssl.SSLException;
import org.apache.avro.AvroRuntimeException;
import org.apache.avro.Schema;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Confluent's REST API over the JDK's HTTP client. Answers are cached. Each call goes to the URL that answered last; while it
 * does not, to the others in turn.
 *
 * <p>Ids are immutable as long as the registry keeps its data. Should somebody wipe it and register all schemas anew, what is
 * written under the old ids would be refused by every reader, for ever. So every few seconds one id that was given out is
 * asked for again, each in its turn; when one has changed, all are.
 */
public final class HttpSchemaRegistry implements SchemaRegistry, AutoCloseable {

    private static final String CONTENT_TYPE = "application/vnd.schemaregistry.v1+json";
    private static final Duration CONNECT = Duration.ofSeconds(2);
    private static final Duration REQUEST = Duration.ofSeconds(5);
    private static final Duration PAUSE = Duration.ofMillis(100);
    private static final Duration RECHECK = Duration.ofSeconds(10);
    private static final int UNAUTHORIZED = 401;
    private static final int FORBIDDEN = 403;
    private static final int NOT_FOUND = 404;
    private static final int CONFLICT = 409;
    private static final int TOO_MANY = 429;
    private static final int SERVER_ERROR = 500;

    /** The API's own codes of a 404: subject, version or schema not found. */
    private static final Set<Integer> NOT_FOUND_CODES = Set.of(NOT_FOUND, 40401, 40402, 40403);

    private static final Logger log = LoggerFactory.getLogger(HttpSchemaRegistry.class);

    private record SubjectSchema(String subject, Schema schema) {}

    private final RegistrySettings settings;
    private final Duration patience;
    private final HttpClient http;
    private final ObjectMapper json = new ObjectMapper();
    private final Map<SubjectSchema, Integer> ids = new ConcurrentHashMap<>();
    private final Map<Integer, Schema> schemas = new ConcurrentHashMap<>();
    private final Duration recheck;
    private final AtomicReference<Thread> rechecking = new AtomicReference<>();
    private volatile int current;
    private volatile int generation;

    /**
     * @param urls base URL, such as {@code http://127.0.0.1:8081}, or several by comma
     * @param patience how long a call is retried while the registry cannot be reached
     */
    public HttpSchemaRegistry(String urls, Duration patience) {
        this(RegistrySettings.of(urls), patience);
    }

    /** @param patience how long a call is retried while the registry cannot be reached */
    public HttpSchemaRegistry(RegistrySettings settings, Duration patience) {
        this(settings, patience, RECHECK);
    }

    /** @param recheck how often one of the ids is asked for again */
    HttpSchemaRegistry(RegistrySettings settings, Duration patience, Duration recheck) {
        this.recheck = recheck;
        this.settings = settings;
        this.patience = patience;
        this.http = HttpClient.newBuilder()
                .connectTimeout(CONNECT)
                .sslContext(settings.tls())
                .version(HttpClient.Version.HTTP_1_1)
                .build();
    }

    @Override
    public int idOf(String subject, Schema schema) {
        Integer cached = ids.get(new SubjectSchema(subject, schema));
        if (cached != null) {
            return cached;
        }
        Answer answer = call("POST", "/subjects/" + encode(subject), schemaBody(schema));
        if (answer.isNotFound()) {
            if (settings.autoRegister()) {
                return register(subject, schema);
            }
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
        if (answer.status == CONFLICT) {
            throw new RegistryException(
                    "the registry at %s refuses schema %s under subject %s as incompatible with an earlier version, keep what was there and give new fields a default: %s"
                            .formatted(answer.url, schema.getFullName(), subject, answer.message()));
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
        if (answer.isNotFound()) {
            throw new UnknownSchemaException(id);
        }
        Schema schema = parsed(id, answer);
        schemas.put(id, schema);
        return schema;
    }

    private static Schema parsed(int id, Answer answer) {
        String text = answer.expectOk("reading schema id " + id).path("schema").asText();
        try {
            return new Schema.Parser().parse(text);
        } catch (AvroRuntimeException e) {
            throw new RegistryException("the registry's schema of id " + id + " is not Avro", e);
        }
    }

    private int remember(String subject, Schema schema, JsonNode answer) {
        int id = answer.path("id").asInt();
        ids.put(new SubjectSchema(subject, schema), id);
        schemas.putIfAbsent(id, schema);
        startRechecking();
        return id;
    }

    @Override
    public int generation() {
        return generation;
    }

    private void startRechecking() {
        if (rechecking.get() == null) {
            Thread thread = Thread.ofVirtual().name("schema-ids").unstarted(this::recheckForEver);
            if (rechecking.compareAndSet(null, thread)) {
                thread.start();
            }
        }
    }

    private void recheckForEver() {
        Deque<SubjectSchema> turns = new ArrayDeque<>();
        while (true) {
            try {
                Thread.sleep(recheck);
                if (turns.isEmpty()) {
                    turns.addAll(ids.keySet());
                }
                if (changed(turns.remove())) {
                    askForAllAgain();
                }
            } catch (InterruptedException e) {
                return; // closed
            } catch (RegistryException e) {
                if (Thread.currentThread().isInterrupted()) {
                    return;
                }
                log.debug("no schema id could be asked for again", e); // the registry is away, and says nothing of ids
            }
        }
    }

    /** One that is not registered any more keeps its id: there is none to take instead, yet. */
    private boolean changed(SubjectSchema known) {
        Answer answer = call("POST", "/subjects/" + encode(known.subject), schemaBody(known.schema));
        return !answer.isNotFound() && idIn(answer, known) != ids.get(known);
    }

    private static int idIn(Answer answer, SubjectSchema known) {
        return answer.expectOk("looking up subject " + known.subject).path("id").asInt();
    }

    /** Ids that the registry does not know keep their schema: records were written under them. */
    private void askForAllAgain() {
        for (SubjectSchema known : ids.keySet()) {
            Answer answer = call("POST", "/subjects/" + encode(known.subject), schemaBody(known.schema));
            if (!answer.isNotFound()) {
                int id = idIn(answer, known);
                ids.put(known, id);
                schemas.put(id, known.schema);
            }
        }
        for (int id : schemas.keySet()) {
            Answer answer = call("GET", "/schemas/ids/" + id, null);
            if (!answer.isNotFound()) {
                schemas.put(id, parsed(id, answer));
            }
        }
        generation++; // by this thread alone
        log.warn("the schema registry gave its schemas other ids: was it wiped? all ids were asked for again");
    }

    private String schemaBody(Schema schema) {
        return json.createObjectNode().put("schema", schema.toString()).toString();
    }

    private static String encode(String subject) {
        return URLEncoder.encode(subject, StandardCharsets.UTF_8);
    }

    /** Retries while no URL can be reached or all answer 5xx or 429; any other answer is an answer. */
    private Answer call(String method, String path, String body) {
        long deadline = System.nanoTime() + patience.toNanos();
        while (true) {
            Map<String, String> failures = new LinkedHashMap<>();
            int first = current;
            for (int i = 0; i < settings.urls().size(); i++) {
                int at = (first + i) % settings.urls().size();
                String url = settings.urls().get(at);
                Attempt attempt = attempt(url, method, path, body);
                if (attempt.answer != null) {
                    current = at;
                    return attempt.answer;
                }
                failures.put(url, attempt.failure);
            }
            if (System.nanoTime() >= deadline) {
                throw new RegistryException("no schema registry answers: "
                        + failures.entrySet().stream()
                                .map(f -> f.getKey() + " " + f.getValue())
                                .collect(Collectors.joining("; ")));
            }
            pause();
        }
    }

    /** One of the two is null. */
    private record Attempt(Answer answer, String failure) {}

    private Attempt attempt(String url, String method, String path, String body) {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(url + path))
                .timeout(REQUEST)
                .header("Content-Type", CONTENT_TYPE)
                .header("Accept", CONTENT_TYPE + ", application/json")
                .method(
                        method,
                        body == null ? HttpRequest.BodyPublishers.noBody() : HttpRequest.BodyPublishers.ofString(body));
        settings.authorization().ifPresent(login -> request.header("Authorization", login));
        try {
            HttpResponse<String> response = http.send(request.build(), HttpResponse.BodyHandlers.ofString());
            int status = response.statusCode();
            if (status == UNAUTHORIZED || status == FORBIDDEN) {
                throw new RegistryException("the schema registry at %s refuses the login (%s): set %s to user:password"
                        .formatted(url, status, RegistrySettings.LOGIN));
            }
            if (status == TOO_MANY || status >= SERVER_ERROR) {
                return new Attempt(null, "answers %s: look at its log".formatted(status));
            }
            return new Attempt(new Answer(url, status, response.body()), null);
        } catch (IOException e) {
            return new Attempt(null, inWords(e));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new RegistryException("interrupted while asking the schema registry at " + url, e);
        }
    }

    /** What is wrong and what to do about it. */
    private static String inWords(IOException failure) {
        String said = failure.getMessage() == null ? failure.getClass().getSimpleName() : failure.getMessage();
        if (failure instanceof SSLException) {
            return "cannot be talked to by TLS (%s): is it https there, and is its certificate signed by what %s holds?"
                    .formatted(said, RegistrySettings.TRUST_STORE);
        }
        if (failure instanceof HttpTimeoutException) {
            return "does not answer within %s s: is it overloaded, or another program?".formatted(REQUEST.toSeconds());
        }
        return "cannot be reached (%s): start it, or name the right one".formatted(said);
    }

    private void pause() {
        try {
            Thread.sleep(PAUSE);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new RegistryException("interrupted while waiting for the schema registry", e);
        }
    }

    @Override
    public void close() {
        Thread thread = rechecking.getAndUpdate(t -> t == null ? Thread.currentThread() : t);
        if (thread != null) {
            thread.interrupt();
        }
        http.close();
    }

    private final class Answer {
        final String url;
        final int status;
        final String body;

        Answer(String url, int status, String body) {
            this.url = url;
            this.status = status;
            this.body = body;
        }

        /**
         * Whether the registry says that it has no such thing. A 404 without its code comes from something else at that
         * address, which must not become a verdict on a record.
         */
        boolean isNotFound() {
            if (status != NOT_FOUND) {
                return false;
            }
            if (!NOT_FOUND_CODES.contains(parsed().path("error_code").asInt())) {
                throw new RegistryException(
                        "what answers at %s is no schema registry with Confluent's API: name its base URL, with the path if it has one"
                                .formatted(url));
            }
            return true;
        }

        JsonNode expectOk(String what) {
            if (status / 100 != 2) {
                throw new RegistryException("%s at %s failed with %s: %s".formatted(what, url, status, message()));
            }
            JsonNode answer = parsed();
            if (!answer.isObject()) {
                throw new RegistryException(
                        "%s at %s was not answered in JSON: is it a schema registry with Confluent's API?"
                                .formatted(what, url));
            }
            return answer;
        }

        String message() {
            return parsed().path("message").asText(body);
        }

        /** Missing when it is not JSON. */
        private JsonNode parsed() {
            try {
                return json.readTree(body);
            } catch (JsonProcessingException e) {
                return MissingNode.getInstance();
            }
        }
    }
}
