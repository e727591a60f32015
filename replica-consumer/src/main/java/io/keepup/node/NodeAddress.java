package io.keepup.node;

import java.nio.file.Path;
import java.util.Optional;

/** Where programs on the same machine find the node that runs on a directory, and its volumes when none does. */
public final class NodeAddress {

    private NodeAddress() {}

    /** {@code host:port} of the node that runs on a directory; empty when none does. */
    public static Optional<String> read(Path directory) {
        return NodeDirectory.address(directory);
    }

    /** Directory of one volume of a node. */
    public static Path volume(Path directory, String volumeId) {
        return volumes(directory).resolve(volumeId);
    }

    /** Directory of a node's volumes. */
    public static Path volumes(Path directory) {
        return NodeDirectory.volumes(directory);
    }
}
