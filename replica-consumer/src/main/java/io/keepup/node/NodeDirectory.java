package io.keepup.node;

import io.keepup.service.directory.DataDirectory;
import io.keepup.service.directory.DirectoryException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * A node's directory, claimed by one process.
 *
 * <pre>
 * VERSION          format of the directory
 * node.lock        locked while a node runs on it
 * data-address     host:port of block I/O of the node that runs on it
 * volumes/ID/      one volume (module volume)
 * notes/ID         what the node must remember of that volume beside its data
 * </pre>
 */
final class NodeDirectory implements AutoCloseable {

    private static final String FORMAT = "keepup-node 1";
    private static final String LOCK = "node.lock";
    private static final String ADDRESS = "data-address";
    private static final String VOLUMES = "volumes";

    private final DataDirectory directory;

    private NodeDirectory(DataDirectory directory) {
        this.directory = directory;
    }

    /** @throws NodeStartException when it cannot be written, is of another format, or another process has it */
    static NodeDirectory claim(Path root) {
        DataDirectory directory;
        try {
            directory = DataDirectory.claim(root, FORMAT, LOCK);
        } catch (DirectoryException e) {
            throw new NodeStartException(e.getMessage(), e);
        }
        NodeDirectory claimed = new NodeDirectory(directory);
        try {
            directory.delete(ADDRESS); // of the process before
            return claimed;
        } catch (DirectoryException e) {
            claimed.close();
            throw new NodeStartException(e.getMessage(), e);
        }
    }

    /** Directory of the volumes, whether there or not. */
    static Path volumes(Path root) {
        return root.resolve(VOLUMES);
    }

    /** Directory of the volumes, whether there or not. */
    Path volumes() {
        return volumes(directory.path());
    }

    /** Directory of the notes, whether there or not. */
    Path notes() {
        return directory.path().resolve("notes");
    }

    /**
     * Leaves the data address for programs on this machine.
     *
     * @throws NodeStartException when it cannot be written
     */
    void address(String address) {
        try {
            directory.write(ADDRESS, address);
        } catch (DirectoryException e) {
            throw new NodeStartException(e.getMessage(), e);
        }
    }

    /** {@code host:port} of the node that runs on a directory; empty when none does: the file outlives a node that was killed. */
    static Optional<String> address(Path root) {
        Path file = root.resolve(ADDRESS);
        try {
            return Files.exists(file) && DataDirectory.isClaimed(root, LOCK)
                    ? Optional.of(Files.readString(file).strip())
                    : Optional.empty();
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read " + file, e);
        }
    }

    @Override
    public void close() {
        directory.close();
    }
}
