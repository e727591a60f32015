package io.keepup.cli;

import io.keepup.service.failure.FileHandles;
import java.nio.file.Path;
import java.util.Locale;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code keepup up}: everything but the nodes, on an embedded broker, kept on disk. */
@Command(
        name = "up",
        description = "Run broker, registry, Streams app and page on this machine, kept on disk.",
        mixinStandardHelpOptions = true)
final class UpCommand implements Runnable {

    private static final Logger LOG = LoggerFactory.getLogger(UpCommand.class);

    /** What it has open without any volume, at most: 272 were seen. */
    private static final int HANDLES = 400;

    /** What the lanes of a volume take: 2 were seen of an idle one, and one more for each further segment of them. */
    private static final int HANDLES_OF_VOLUME = 4;

    @Option(names = "--data", paramLabel = "DIR", description = "Where all is kept (default: ~/.keepup/up).")
    private Path data;

    @Option(
            names = "--kafka",
            paramLabel = "PORT",
            converter = Ports.class,
            defaultValue = "9092",
            description = "Port of the broker on loopback (default: ${DEFAULT-VALUE}).")
    private int kafkaPort;

    @Option(
            names = "--registry",
            paramLabel = "PORT",
            converter = Ports.class,
            defaultValue = "8081",
            description = "Port of the schema registry on loopback (default: ${DEFAULT-VALUE}).")
    private int registryPort;

    @Option(
            names = "--http",
            paramLabel = "PORT",
            converter = Ports.class,
            defaultValue = "8080",
            description = "Port of page and API on loopback (default: ${DEFAULT-VALUE}).")
    private int httpPort;

    @Override
    public void run() {
        Path directory = (data != null ? data : Defaults.home().resolve("up")).toAbsolutePath();
        Ports.requireFree(kafkaPort, "broker", "--kafka");
        Ports.requireFree(registryPort, "registry", "--registry");
        Ports.requireFree(httpPort, "page", "--http");
        Running.until(running -> {
            running.keepsDataIn(directory);
            FileHandles handles = FileHandles.ofProcess();
            if (handles.few()) {
                LOG.warn(
                        "this process may have {} files open, and needs {} and {} for each volume: raise ulimit -n",
                        handles.limit(),
                        HANDLES,
                        HANDLES_OF_VOLUME);
            }
            System.out.printf(Locale.ROOT, "starting broker, registry and Streams app on %s …%n", directory);
            LocalCluster cluster;
            try (Waiting waiting = new Waiting()) {
                cluster = running.closing(LocalCluster.start(directory, kafkaPort, registryPort, httpPort, waiting));
            }
            cluster.onFailure(running::fail);
            System.out.printf(Locale.ROOT, "  Kafka     %s%n", cluster.bootstrap());
            System.out.printf(Locale.ROOT, "  registry  %s%n", cluster.registryUrl());
            System.out.printf(Locale.ROOT, "  page      %s%n", cluster.pageUrl());
            System.out.println("up; next: 'keepup node --id vs-1 --data DIR', then 'keepup assign'. Ctrl-C ends it.");
        });
    }
}
