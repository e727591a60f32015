package io.keepup.cli.demo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.keepup.cli.Terminal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.logging.Level;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.openqa.selenium.OutputType;
import org.openqa.selenium.chrome.ChromeDriver;
import org.openqa.selenium.logging.LogEntry;
import org.openqa.selenium.logging.LogType;

/** The whole story on real parts: its report, and the page as a browser shows it while it happens. */
@Timeout(180)
class DemoTest {

    private static final long SIZE = 64 << 20;

    /** Notes every word of interest that the page ever shows. */
    private static final String OBSERVE = """
            const words = arguments[0];
            window.seen = new Set();
            const look = () => words.filter((w) => document.body.innerText.includes(w)).forEach((w) => window.seen.add(w));
            new MutationObserver(look).observe(document.body, { subtree: true, childList: true, characterData: true });
            look();
            """;

    @TempDir
    private Path directory;

    @Test
    void S_F18_the_story_ends_with_equal_copies_a_true_report_and_no_error_on_the_terminal() throws Exception {
        Path report = directory.resolve("report.json");
        try (LoggedErrors errors = new LoggedErrors()) {
            try (Demo demo = Demo.start(Terminal.standard(), SIZE, 0)) {
                assertThat(demo.play(report)).isTrue();
            }
            assertThat(errors.ofKeepupAndItsRecords()).isEmpty();
        }
        JsonNode told = new ObjectMapper().readTree(report.toFile());
        assertThat(told.path("equal").asBoolean()).isTrue();
        assertThat(told.path("digests").properties()).hasSize(3);
        Set<String> digests = new TreeSet<>();
        told.path("digests").forEach(d -> digests.add(d.asText()));
        assertThat(digests).singleElement().asString().matches("[0-9a-f]{64}");
        assertThat(session(told, "catchup").path("replica").asText()).isEqualTo("vs-2");
        assertThat(session(told, "catchup").path("walBytes").asLong()).isPositive();
        assertThat(session(told, "rebuild").path("replica").asText()).isEqualTo("vs-3");
        assertThat(session(told, "rebuild").path("baseBytes").asLong()).isBetween(1L, SIZE);
        assertThat(StreamSupport.stream(told.path("rejected").spliterator(), false)
                        .map(r -> r.path("reason").asText()))
                .contains("undecodable", "stale_epoch");
        assertThat(told.path("seconds").asDouble()).isPositive();
    }

    private static JsonNode session(JsonNode report, String kind) {
        return StreamSupport.stream(report.path("sessions").spliterator(), false)
                .filter(s -> s.path("kind").asText().equals(kind)
                        && !s.path("why").asText().startsWith("empty"))
                .findFirst()
                .orElseThrow(() -> new AssertionError("no " + kind + " in " + report));
    }

    @Test
    void the_page_shows_bootstrap_catch_up_rebuild_and_healthy_as_they_happen() throws Exception {
        ChromeDriver browser = Browser.start(directory.resolve("profile"));
        try (Demo demo = Demo.start(Terminal.standard(), SIZE, 0)) {
            browser.get(demo.pageUrl());
            List<String> expected =
                    List.of("bootstrap_pending", "catchup ·", "needs_rebuild", "rebuild ·", "publish_healthy");
            browser.executeScript(OBSERVE, expected);
            assertThat(demo.play(null)).isTrue();
            await("the page to have shown all of " + expected)
                    .atMost(Duration.ofSeconds(10))
                    .untilAsserted(() -> assertThat(seen(browser)).containsAll(expected));
            await("the page to show the volume healthy")
                    .atMost(Duration.ofSeconds(10))
                    .until(() -> browser.findElement(org.openqa.selenium.By.cssSelector("#volumes .badge"))
                            .getText()
                            .equals("publish_healthy"));
            Files.write(Path.of("target", "page.png"), browser.getScreenshotAs(OutputType.BYTES));
            assertThat(browser.manage().logs().get(LogType.BROWSER).getAll().stream()
                            .filter(entry -> entry.getLevel().intValue() >= Level.WARNING.intValue())
                            .map(LogEntry::getMessage))
                    .as("errors and warnings on the browser's console")
                    .isEmpty();
        } finally {
            browser.quit();
        }
    }

    @SuppressWarnings("unchecked") // the script returns an array of strings
    private static List<String> seen(ChromeDriver browser) {
        return (List<String>) browser.executeScript("return [...window.seen]");
    }
}
