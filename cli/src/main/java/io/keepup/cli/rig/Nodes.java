package io.keepup.cli.rig;

import io.keepup.cli.BlockClient;
import io.keepup.node.NodeSettings;
import io.keepup.node.StorageNode;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;

/** Storage nodes: real ones, each with its own directory and Kafka clients, that can be stopped and return. */
public final class Nodes implements AutoCloseable {

    private final String bootstrap;
    private final String registryUrl;
    private final Path directory;
    private final Map<String, String> properties;
    private final Map<String, StorageNode> running = new TreeMap<>();

    /**
     * @param bootstrap Kafka's {@code bootstrap.servers}
     * @param directory of all nodes' directories
     * @param properties settings of every node, and of its Kafka clients
     */
    public Nodes(String bootstrap, String registryUrl, Path directory, Map<String, String> properties) {
        this.bootstrap = bootstrap;
        this.registryUrl = registryUrl;
        this.directory = directory;
        this.properties = Map.copyOf(properties);
    }

    public void start(String id) {
        NodeSettings settings =
                new NodeSettings(id, directory.resolve(id), bootstrap, registryUrl, "127.0.0.1:0", properties);
        running.put(id, StorageNode.start(settings));
    }

    /** Stops a node as {@link StorageNode#close()} does: its sessions are left as a crash leaves them. */
    public void stop(String id) {
        running.remove(id).close();
    }

    /** A node that runs. */
    public StorageNode get(String id) {
        return running.get(id);
    }

    /** Block I/O of a volume through a node that runs. */
    public BlockClient client(String id, String volumeId) {
        return new BlockClient(running.get(id).dataAddress(), volumeId);
    }

    @Override
    public void close() {
        running.values().forEach(StorageNode::close);
        running.clear();
    }
}
