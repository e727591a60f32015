package io.keepup.cli;

import io.keepup.node.NodeSettings;
import io.keepup.node.StorageNode;
import io.keepup.schemas.topic.Names;
import java.nio.file.Path;
import java.time.Clock;
import java.util.Locale;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code keepup node}: one storage node. */
@Command(name = "node", description = "Run one storage node.", mixinStandardHelpOptions = true)
final class NodeCommand implements Runnable {

    @Spec
    private CommandSpec spec;

    @Mixin
    private ClusterOptions cluster;

    @Option(names = "--id", required = true, paramLabel = "NODE", description = "Node id, such as vs-2.")
    private String id;

    @Option(names = "--data", required = true, paramLabel = "DIR", description = "Where its volumes are kept.")
    private Path data;

    @Option(
            names = "--listen",
            paramLabel = "HOST:PORT",
            defaultValue = "127.0.0.1:0",
            description = "Address of block I/O; port 0 takes any free one (default: ${DEFAULT-VALUE}).")
    private String listen;

    @Override
    public void run() {
        if (!Names.valid(id)) {
            throw new ParameterException(
                    spec.commandLine(), "'%s' is not a node id: use %s".formatted(id, Names.RULE_IN_WORDS));
        }
        Map<String, String> properties = cluster.settings();
        properties.remove("bootstrap.servers");
        NodeSettings settings;
        try {
            settings = new NodeSettings(id, data, cluster.bootstrap, cluster.registry, listen, properties);
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), e.getMessage(), e);
        }
        cluster.requireBroker();
        Running.until(running -> {
            running.keepsDataIn(data);
            StorageNode node;
            try (Waiting waiting = new Waiting()) {
                node = running.closing(StorageNode.start(settings, Clock.systemUTC(), waiting));
            }
            node.failure().thenAccept(running::fail);
            System.out.printf(Locale.ROOT, "%s serves block I/O at %s; Ctrl-C ends it%n", id, node.dataAddress());
        });
    }
}
