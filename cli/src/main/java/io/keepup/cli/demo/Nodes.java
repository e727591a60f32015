package io.keepup.cli.demo;

import io.keepup.cli.BlockClient;
import io.keepup.cli.LocalCluster;
import io.keepup.node.NodeSettings;
import io.keepup.node.StorageNode;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;

/** The demo's storage nodes: real ones, each with its own directory and Kafka clients, that can be stopped and return. */
final class Nodes implements AutoCloseable {

    private final LocalCluster cluster;
    private final Path directory;
    private final Map<String, StorageNode> running = new TreeMap<>();

    Nodes(LocalCluster cluster, Path directory) {
        this.cluster = cluster;
        this.directory = directory;
    }

    void start(String id) {
        NodeSettings settings = new NodeSettings(
                id, directory.resolve(id), cluster.bootstrap(), cluster.registryUrl(), "127.0.0.1:0", Map.of());
        running.put(id, StorageNode.start(settings));
    }

    void stop(String id) {
        running.remove(id).close();
    }

    /** Block I/O of a volume through a node that runs. */
    BlockClient client(String id, String volumeId) {
        return new BlockClient(running.get(id).dataAddress(), volumeId);
    }

    @Override
    public void close() {
        running.values().forEach(StorageNode::close);
        running.clear();
    }
}
