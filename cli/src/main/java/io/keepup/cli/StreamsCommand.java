package io.keepup.cli;

import io.keepup.streams.KeepupStreams;
import io.keepup.streams.StreamsSettings;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code keepup streams}: the Streams app alone, against a real cluster. */
@Command(
        name = "streams",
        description = "Run the Streams app against a cluster; start more of them to scale.",
        mixinStandardHelpOptions = true)
final class StreamsCommand implements Runnable {

    @Mixin
    private ClusterOptions cluster;

    @Option(
            names = "--http",
            paramLabel = "PORT",
            converter = Ports.class,
            defaultValue = "8080",
            description = "Port of page and API on loopback, 0 for any free one (default: ${DEFAULT-VALUE}).")
    private int httpPort;

    @Option(
            names = "--data",
            paramLabel = "DIR",
            description = "Directory of the local state (default: ~/.keepup/streams).")
    private Path data;

    @Override
    public void run() {
        Map<String, String> settings = cluster.settings();
        settings.put(StreamsSettings.REGISTRY_URL, cluster.registry);
        settings.put(StreamsSettings.HTTP_PORT, String.valueOf(httpPort));
        Path state = data != null ? data : Defaults.home().resolve("streams");
        settings.putIfAbsent(StreamsSettings.STATE_DIR, state.toString());
        Ports.requireFree(httpPort, "page", "--http");
        cluster.requireBroker();
        Running.until(running -> {
            running.keepsDataIn(state);
            KeepupStreams app = Waiting.on(
                    "Kafka at %s and the schema registry at %s".formatted(cluster.bootstrap, cluster.registry),
                    () -> running.closing(KeepupStreams.start(StreamsSettings.of(settings))));
            app.failure().thenAccept(running::fail);
            System.out.printf(
                    Locale.ROOT, "the Streams app folds %s; page and API at %s%n", cluster.bootstrap, app.url());
        });
    }
}
