package io.keepup.node;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;

/** Where programs on the same machine find the node that runs on a directory, and its volumes when none does. */
public final class NodeAddress {

    private static final String FILE = "data-address";

    private NodeAddress() {}

    /** Leaves the data address in the directory that this process has claimed. */
    static void write(Path directory, String address) {
        try {
            Files.writeString(directory.resolve(FILE), address + "\n");
        } catch (IOException e) {
            throw new NodeStartException("the data directory %s cannot be written: %s".formatted(directory, e), e);
        }
    }

    /** {@code host:port} of the node that runs on a directory; empty when none does. */
    public static Optional<String> read(Path directory) {
        Path file = directory.resolve(FILE);
        try {
            return Files.exists(file) && claimed(directory)
                    ? Optional.of(Files.readString(file).strip())
                    : Optional.empty();
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read " + file, e);
        }
    }

    /** Directory of one volume of a node. */
    public static Path volume(Path directory, String volumeId) {
        return volumes(directory).resolve(volumeId);
    }

    /** Directory of a node's volumes. */
    public static Path volumes(Path directory) {
        return directory.resolve(DataDirectory.VOLUMES);
    }

    /** The file outlives a node that was killed; the lock does not. */
    private static boolean claimed(Path directory) throws IOException {
        try (FileChannel channel = FileChannel.open(directory.resolve(DataDirectory.LOCK), StandardOpenOption.WRITE);
                FileLock lock = channel.tryLock()) {
            return lock == null;
        } catch (OverlappingFileLockException e) {
            return true; // a node in this very process
        }
    }
}
