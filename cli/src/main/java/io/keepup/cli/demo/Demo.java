package io.keepup.cli.demo;

import io.keepup.cli.ClusterOptions;
import io.keepup.cli.Failure;
import io.keepup.cli.LocalCluster;
import io.keepup.cli.Terminal;
import io.keepup.cli.rig.Nodes;
import io.keepup.cli.rig.Watch;
import io.keepup.schemas.codec.RecordCodec;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Everything the demo runs, in a temporary directory that goes with it. */
public final class Demo implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(Demo.class);

    private final Deque<AutoCloseable> parts = new ArrayDeque<>();
    private final Terminal terminal;
    private final Narrator tell;
    private final long sizeBytes;
    private LocalCluster cluster;
    private Nodes nodes;

    private Demo(Terminal terminal, long sizeBytes) {
        this.terminal = terminal;
        this.tell = new Narrator(terminal);
        this.sizeBytes = sizeBytes;
    }

    /** Starts broker, registry, Streams app and page. */
    public static Demo start(Terminal terminal, long sizeBytes, int httpPort) {
        Demo demo = new Demo(terminal, sizeBytes);
        try {
            Path directory = Files.createTempDirectory("keepup-demo-");
            demo.parts.push(() -> delete(directory));
            demo.tell.line("a Kafka broker, a schema registry and the Streams app start in " + directory);
            demo.cluster = LocalCluster.start(directory.resolve("up"), 0, 0, httpPort, step -> {});
            demo.parts.push(demo.cluster);
            demo.nodes = new Nodes(demo.cluster.bootstrap(), demo.cluster.registryUrl(), directory, Map.of());
            demo.parts.push(demo.nodes);
            demo.tell.line("they are up: Kafka %s, registry %s"
                    .formatted(demo.cluster.bootstrap(), demo.cluster.registryUrl()));
            demo.tell.line("the page shows it live: " + terminal.bold(demo.cluster.pageUrl()));
            return demo;
        } catch (IOException e) {
            demo.close();
            throw new Failure("no temporary directory can be made: " + e.getMessage(), e);
        } catch (RuntimeException | Error e) { // a class may fail to load when the process is told to end
            demo.close();
            throw e;
        }
    }

    public String pageUrl() {
        return cluster.pageUrl();
    }

    /**
     * Plays the story and prints its outcome.
     *
     * @param report where to write it as JSON; null for nowhere
     * @return whether all copies are equal
     */
    public boolean play(Path report) throws InterruptedException, ExecutionException, TimeoutException {
        ClusterOptions options = new ClusterOptions(cluster.bootstrap(), cluster.registryUrl());
        RecordCodec codec = options.codec();
        Outcome outcome;
        try (Watch watch = new Watch(options.consumer(), codec, DemoStory.VOLUME, tell)) {
            outcome = new DemoStory(options, codec, nodes, watch, tell, sizeBytes).play();
        }
        tell.chapter("sessions");
        List<String> table = SessionTable.lines(outcome.sessions());
        table.forEach(row -> terminal.line(terminal.fit(row)));
        terminal.line("");
        String verdict = outcome.equal() ? "all %s copies are equal" : "the %s copies are NOT equal";
        String text = String.format(Locale.ROOT, verdict, outcome.digests().size());
        terminal.line(String.format(
                Locale.ROOT,
                "%s, after %.1f s",
                outcome.equal() ? terminal.green(text) : terminal.red(text),
                outcome.seconds()));
        if (report != null) {
            outcome.write(report);
        }
        return outcome.equal();
    }

    private static void delete(Path directory) throws IOException {
        try (Stream<Path> files = Files.walk(directory)) {
            files.sorted(Comparator.reverseOrder()).forEach(file -> {
                try {
                    Files.deleteIfExists(file);
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            });
        }
    }

    @Override
    public void close() {
        Thread.interrupted(); // parts wait for their ends: an interrupt of the start must not cut that short
        for (AutoCloseable part : parts) {
            try {
                part.close();
            } catch (Exception e) {
                LOG.warn("a part of the demo does not close", e);
            }
        }
        parts.clear();
    }
}
