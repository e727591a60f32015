package io.keepup.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.keepup.engine.golden.GoldenEvents;
import io.keepup.engine.golden.GoldenWords;
import io.keepup.engine.message.Event;
import io.keepup.engine.state.VolumeState;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Test;

/**
 * The reference policy against the founding engine, bit for bit: commands and their order, mode, reason, health and the
 * whole volume, after every step of every trace in {@code -Dgolden.dir}. The traces are fed to the step itself, without
 * the guard: they are lawful, and some of their LSNs are only arithmetic.
 */
class GoldenTracesTest {

    private static final ObjectMapper JSON = new ObjectMapper().enable(DeserializationFeature.USE_LONG_FOR_INTS);

    private final Engine engine = new Engine(Policy.reference());
    private int traces;
    private int steps;

    @Test
    void referencePolicyGivesEveryStepOfEveryGoldenTrace() {
        Path folder = goldenFolder();
        List<Path> files = tracesIn(folder);
        for (Path file : files) {
            compare(file);
        }
        System.out.printf("Golden traces: %,d steps of %,d traces compared, from %s%n", steps, traces, folder);
        assertThat(steps).as("steps in %s", folder).isPositive();
    }

    /** {@code golden.dir}, relative to the project's root; the default is {@code engine/src/test/golden}. */
    private static Path goldenFolder() {
        Path root = Path.of(System.getProperty("keepup.root", ".."));
        return root.resolve(System.getProperty("golden.dir", "engine/src/test/golden"))
                .toAbsolutePath()
                .normalize();
    }

    private static List<Path> tracesIn(Path folder) {
        if (!Files.isDirectory(folder)) {
            return fail("No folder %s: set -Dgolden.dir to the folder of the golden traces", folder);
        }
        try (Stream<Path> entries = Files.list(folder)) {
            List<Path> files = entries.filter(f -> f.getFileName().toString().endsWith(".jsonl.gz"))
                    .sorted()
                    .toList();
            assertThat(files).as("*.jsonl.gz in %s", folder).isNotEmpty();
            return files;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void compare(Path file) {
        try (BufferedReader lines = new BufferedReader(
                new InputStreamReader(new GZIPInputStream(Files.newInputStream(file)), StandardCharsets.UTF_8))) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                if (!line.isBlank()) {
                    compare(file, JSON.readTree(line));
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read " + file, e);
        }
    }

    private void compare(Path file, JsonNode trace) {
        VolumeState state = null;
        long at = 0;
        for (JsonNode step : trace.get("steps")) {
            JsonNode said = step.get("event");
            if (state == null) {
                state = VolumeState.initial(said.get("volumeId").textValue());
            }
            Event event = GoldenEvents.event(state, said, at);
            Step result = engine.step(state, event);
            assertSame("%s, trace %s, step %d, %s".formatted(file, trace.get("id"), at, said), step, result);
            state = result.state();
            at++;
            steps++;
        }
        traces++;
    }

    private static void assertSame(String where, JsonNode step, Step result) {
        JsonNode expected = step.get("expect");
        assertThat((Object) GoldenWords.commands(result.commands()))
                .as("commands of %s", where)
                .isEqualTo(expected.get("commands"));
        assertThat(result.projection().mode().word()).as("mode of %s", where).isEqualTo(text(expected, "mode"));
        assertThat(Stream.of(JSON.convertValue(expected.get("modeReasonAnyOf"), String[].class)))
                .as("reasons of %s", where)
                .contains(result.projection().reason());
        assertThat(result.projection().healthy())
                .as("health of %s", where)
                .isEqualTo(expected.get("healthy").booleanValue());
        assertThat((Object) GoldenWords.volume(result.state().views().get(GoldenEvents.NODE)))
                .as("volume of %s", where)
                .isEqualTo(expected.get("volume"));
    }

    private static String text(JsonNode node, String field) {
        return node.get(field).textValue();
    }
}
