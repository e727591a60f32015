package io.keepup.embedded;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.keepup.embedded.EmbeddedStartException.Reason;
import java.io.BufferedReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(value = 90, unit = TimeUnit.SECONDS)
class KillTest {

    private static final int ACKNOWLEDGED_BEFORE_THE_KILL = 500;

    @TempDir
    Path temp;

    @Test
    void after_kill_minus_9_everything_acknowledged_is_there_and_it_starts_again_quickly() throws Exception {
        Path data = temp.resolve("data");
        long lastAcked = -1;
        Process child = start(data);
        try (BufferedReader output = child.inputReader()) {
            assertThat(output.readLine())
                    .as("the first line: the cluster prints none")
                    .isEqualTo("registered {\"id\":1}");
            assertThat(catchThrowableOfType(EmbeddedStartException.class, () -> EmbeddedCluster.start(data)))
                    .as("a start beside the other process")
                    .extracting(EmbeddedStartException::reason)
                    .isEqualTo(Reason.DIRECTORY_IN_USE);
            while (lastAcked < ACKNOWLEDGED_BEFORE_THE_KILL) {
                lastAcked = acked(output.readLine());
            }
            child.toHandle().destroyForcibly(); // Process.destroyForcibly would close the output unread
            for (String line = output.readLine(); line != null; line = output.readLine()) {
                lastAcked = acked(line);
            }
        } finally {
            child.destroyForcibly().waitFor();
        }
        assertThat(child.exitValue()).as("died of SIGKILL").isEqualTo(128 + 9);

        long began = System.nanoTime();
        try (EmbeddedCluster cluster = EmbeddedCluster.start(data)) {
            long tookMs = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - began);
            List<Long> found = Clients.readAll(cluster.bootstrapServers(), KilledProcess.TOPIC).stream()
                    .map(survivor -> ByteBuffer.wrap(survivor.value()).getLong())
                    .toList();
            assertThat(found)
                    .containsAll(LongStream.rangeClosed(0, lastAcked).boxed().toList())
                    .doesNotHaveDuplicates()
                    .isSorted();
            assertThat(get(cluster.registryUrl() + "/subjects/" + KilledProcess.SUBJECT + "/versions/1/schema"))
                    .isEqualTo("\"long\"");
            System.out.println("after kill -9 with " + (lastAcked + 1) + " records: ready in " + tookMs + " ms");
            assertThat(tookMs).isLessThan(15_000);
        }
    }

    private Process start(Path data) throws Exception {
        return new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx256m",
                        "-cp",
                        System.getProperty("java.class.path"),
                        KilledProcess.class.getName(),
                        data.toString())
                .redirectError(Files.createFile(temp.resolve("stderr")).toFile())
                .start();
    }

    private static long acked(String line) {
        assertThat(line).as("a line of the child").startsWith("acked ");
        return Long.parseLong(line.substring("acked ".length()));
    }

    private static String get(String url) throws Exception {
        return HttpClient.newHttpClient()
                .send(HttpRequest.newBuilder(URI.create(url)).build(), HttpResponse.BodyHandlers.ofString())
                .body();
    }
}
