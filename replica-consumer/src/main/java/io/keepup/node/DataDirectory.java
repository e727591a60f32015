package io.keepup.node;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

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
final class DataDirectory implements AutoCloseable {

    static final String FORMAT = "keepup-node 1";
    static final String LOCK = "node.lock";
    static final String VOLUMES = "volumes";

    private final Path root;
    private final FileChannel lockFile;

    private DataDirectory(Path root, FileChannel lockFile) {
        this.root = root;
        this.lockFile = lockFile;
    }

    /** @throws NodeStartException when it cannot be written, is of another format, or another process has it */
    static DataDirectory claim(Path root) {
        try {
            Files.createDirectories(root);
            FileChannel lockFile =
                    FileChannel.open(root.resolve(LOCK), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
            try {
                lock(root, lockFile);
                checkVersion(root);
                Files.createDirectories(root.resolve(VOLUMES));
                Files.createDirectories(root.resolve("notes"));
                return new DataDirectory(root, lockFile);
            } catch (IOException | RuntimeException e) {
                lockFile.close();
                throw e;
            }
        } catch (IOException e) {
            throw new NodeStartException(
                    "the data directory %s cannot be written (%s): name one that can".formatted(root, e), e);
        }
    }

    private static void lock(Path root, FileChannel lockFile) throws IOException {
        FileLock lock;
        try {
            lock = lockFile.tryLock();
        } catch (OverlappingFileLockException e) {
            lock = null;
        }
        if (lock == null) {
            throw new NodeStartException(
                    "another node runs on the data directory %s: stop it, or name another directory".formatted(root));
        }
    }

    private static void checkVersion(Path root) throws IOException {
        Path version = root.resolve("VERSION");
        if (Files.exists(version)) {
            String found = Files.readString(version).trim();
            if (!found.equals(FORMAT)) {
                throw new NodeStartException(
                        "the data directory %s is of version '%s', this node reads '%s': name another directory"
                                .formatted(root, found, FORMAT));
            }
            return;
        }
        try (var entries = Files.list(root)) {
            if (entries.anyMatch(e -> !e.getFileName().toString().equals(LOCK))) {
                throw new NodeStartException(
                        "%s holds other files and no VERSION: name an empty directory, or one of a node"
                                .formatted(root));
            }
        }
        Files.writeString(version, FORMAT + "\n", StandardOpenOption.CREATE_NEW, StandardOpenOption.SYNC);
    }

    Path volumes() {
        return root.resolve(VOLUMES);
    }

    Path notes() {
        return root.resolve("notes");
    }

    @Override
    public void close() {
        try {
            lockFile.close();
        } catch (IOException e) {
            throw new java.io.UncheckedIOException("closing the lock of " + root, e);
        }
    }
}
