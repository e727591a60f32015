package io.keepup.schemas.registry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/** An Apicurio Registry as a process of its own, its schemas in a file. */
final class Apicurio implements AutoCloseable {

    private static final Duration LIMIT = Duration.ofSeconds(120);
    private static final String JAR = "quarkus-run.jar";

    private final HttpClient http =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private final Path directory;
    private final int port = freePort();
    private final int managementPort = freePort();
    private Process process;

    private Apicurio(Path directory) {
        this.directory = directory;
    }

    /**
     * Starts one, and has it keep all subjects FULL_TRANSITIVE. Skips the test where the build did not fetch it, but fails it
     * where {@code REQUIRE_CLIENTS=true} says that it must be there.
     */
    static Apicurio start(Path directory) throws Exception {
        boolean there = Files.isRegularFile(home().resolve(JAR));
        if (Boolean.parseBoolean(System.getenv("REQUIRE_CLIENTS"))) {
            assertThat(there).as("REQUIRE_CLIENTS=true needs %s", home()).isTrue();
        }
        assumeTrue(there, "no Apicurio Registry: build with -Pclients to fetch it");
        Apicurio registry = new Apicurio(directory);
        registry.start();
        HttpResponse<String> set = registry.http.send(
                HttpRequest.newBuilder(URI.create(registry.url() + "/config"))
                        .header("Content-Type", "application/vnd.schemaregistry.v1+json")
                        .PUT(HttpRequest.BodyPublishers.ofString("{\"compatibility\":\"FULL_TRANSITIVE\"}"))
                        .build(),
                HttpResponse.BodyHandlers.ofString());
        assertThat(set.statusCode()).as(set.body()).isEqualTo(200);
        return registry;
    }

    private static Path home() {
        return Path.of(System.getProperty("keepup.apicurio", "target/apicurio"));
    }

    /** Starts the process, once more on the same schemas after {@link #stop()}, and returns when it answers. */
    void start() throws IOException, InterruptedException {
        process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx256m",
                        "-XX:+UseSerialGC",
                        "-XX:TieredStopAtLevel=1",
                        "-Dquarkus.http.host=127.0.0.1",
                        "-Dquarkus.http.port=" + port,
                        "-Dquarkus.management.host=127.0.0.1",
                        "-Dquarkus.management.port=" + managementPort,
                        "-Dapicurio.datasource.url=jdbc:h2:file:" + directory.resolve("schemas"),
                        "-jar",
                        JAR)
                .directory(home().toFile())
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(log().toFile()))
                .start();
        long deadline = System.nanoTime() + LIMIT.toNanos();
        while (!answers()) {
            assertThat(process.isAlive()).as(Files.readString(log())).isTrue();
            assertThat(System.nanoTime())
                    .as("the registry does not start: %s", log())
                    .isLessThan(deadline);
            process.waitFor(100, TimeUnit.MILLISECONDS);
        }
    }

    private Path log() {
        return directory.resolve("apicurio.log");
    }

    private boolean answers() throws InterruptedException {
        try {
            return http.send(
                                    HttpRequest.newBuilder(URI.create(url() + "/subjects"))
                                            .timeout(Duration.ofSeconds(5))
                                            .build(),
                                    HttpResponse.BodyHandlers.discarding())
                            .statusCode()
                    == 200;
        } catch (IOException notYet) {
            return false;
        }
    }

    /** Base URL of Confluent's API. */
    String url() {
        return "http://127.0.0.1:%d/apis/ccompat/v7".formatted(port);
    }

    /** Ends the process in good order. */
    void stop() throws InterruptedException {
        process.destroy();
        assertThat(process.waitFor(LIMIT.toSeconds(), TimeUnit.SECONDS)).isTrue();
    }

    @Override
    public void close() {
        process.destroyForcibly();
        http.close();
    }

    private static int freePort() {
        try (ServerSocket socket = new ServerSocket(0)) {
            return socket.getLocalPort();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
