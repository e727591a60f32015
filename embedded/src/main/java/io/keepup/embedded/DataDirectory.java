package io.keepup.embedded;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.keepup.embedded.EmbeddedStartException.Reason;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;

/**
 * A directory this process has to itself and whose format it knows: {@code LOCK} is held while it is open, {@code VERSION}
 * holds one line naming the format. A new or empty directory gets its {@code VERSION}; a directory that holds other
 * things is refused untouched, so that a mistyped path harms nobody.
 */
final class DataDirectory implements AutoCloseable {

    static final String VERSION_FILE = "VERSION";
    static final String LOCK_FILE = "LOCK";

    private static final String VERSION_DRAFT = "VERSION.new";
    /** What may lie in an otherwise empty directory: our own beginnings, and what mkfs leaves on a fresh mount. */
    private static final Set<String> NOT_CONTENT = Set.of(LOCK_FILE, VERSION_DRAFT, "lost+found");

    /**
     * Directories held by this JVM. Closing any second channel on a file drops the process's POSIX lock on it, so a second
     * claim within the JVM must be turned away before it opens {@code LOCK}.
     */
    private static final Set<Path> HELD = ConcurrentHashMap.newKeySet();

    private final Path path;
    private final FileChannel lockChannel;

    private DataDirectory(Path path, FileChannel lockChannel) {
        this.path = path;
        this.lockChannel = lockChannel;
    }

    /**
     * Makes the directory if need be, locks it and checks its format.
     *
     * @param format one line, such as {@code keepup-broker 1}
     * @throws EmbeddedStartException DIRECTORY_IN_USE, DIRECTORY_UNUSABLE or OTHER_VERSION
     */
    static DataDirectory claim(Path directory, String format) {
        Path path = make(directory);
        if (!HELD.add(path)) {
            throw inUse(path);
        }
        FileChannel channel = null;
        try {
            channel = FileChannel.open(
                    path.resolve(LOCK_FILE),
                    StandardOpenOption.CREATE,
                    StandardOpenOption.READ,
                    StandardOpenOption.WRITE);
            FileLock lock = channel.tryLock();
            if (lock == null) {
                throw inUse(path);
            }
            checkVersion(path, format);
            return new DataDirectory(path, channel);
        } catch (IOException e) {
            release(path, channel);
            throw unusable(path, e);
        } catch (RuntimeException e) {
            release(path, channel);
            throw e;
        }
    }

    /** The directory's real path. */
    Path path() {
        return path;
    }

    /** Lets go of the directory; a second call does nothing, for by then another may hold it. */
    @Override
    public void close() {
        if (lockChannel.isOpen()) {
            release(path, lockChannel);
        }
    }

    private static Path make(Path directory) {
        try {
            return Files.createDirectories(directory).toRealPath();
        } catch (IOException e) {
            throw unusable(directory.toAbsolutePath(), e);
        }
    }

    private static void checkVersion(Path path, String format) throws IOException {
        Path version = path.resolve(VERSION_FILE);
        if (Files.exists(version)) {
            String found = Files.readString(version, UTF_8).strip();
            if (!found.equals(format)) {
                throw new EmbeddedStartException(
                        Reason.OTHER_VERSION,
                        "data directory %s has format '%s' but this program reads '%s': use the program version that wrote it, or another directory"
                                .formatted(path, found, format));
            }
            return;
        }
        try (Stream<Path> entries = Files.list(path)) {
            if (entries.anyMatch(
                    entry -> !NOT_CONTENT.contains(entry.getFileName().toString()))) {
                throw new EmbeddedStartException(
                        Reason.OTHER_VERSION,
                        "directory %s holds other files and no %s, so it is not a data directory of this program: give an empty or new directory"
                                .formatted(path, VERSION_FILE));
            }
        }
        writeVersion(path, format);
    }

    /** By draft and rename: a crash leaves either no VERSION or a whole one. */
    private static void writeVersion(Path path, String format) throws IOException {
        Path draft = path.resolve(VERSION_DRAFT);
        Files.writeString(draft, format + "\n", UTF_8);
        try (FileChannel channel = FileChannel.open(draft, StandardOpenOption.WRITE)) {
            channel.force(true);
        }
        Path version = path.resolve(VERSION_FILE);
        try {
            Files.move(draft, version, StandardCopyOption.ATOMIC_MOVE);
        } catch (AtomicMoveNotSupportedException e) {
            Files.move(draft, version);
        }
    }

    private static void release(Path path, FileChannel channel) {
        try {
            if (channel != null) {
                channel.close();
            }
        } catch (IOException e) {
            throw new IllegalStateException("cannot release the lock of data directory %s".formatted(path), e);
        } finally {
            HELD.remove(path);
        }
    }

    private static EmbeddedStartException inUse(Path path) {
        return new EmbeddedStartException(
                Reason.DIRECTORY_IN_USE,
                "data directory %s is in use by another process or start: stop that one first, or give another directory"
                        .formatted(path));
    }

    private static EmbeddedStartException unusable(Path path, IOException cause) {
        return new EmbeddedStartException(
                Reason.DIRECTORY_UNUSABLE,
                "cannot use data directory %s (%s): give a directory this user can write".formatted(path, why(cause)),
                cause);
    }

    /** A file system exception's message is often just the path: then its type is the news. */
    private static String why(IOException cause) {
        String type = cause.getClass().getSimpleName().replace("Exception", "");
        if (cause instanceof FileSystemException file) {
            return file.getReason() == null ? type + " " + file.getFile() : file.getReason() + " " + file.getFile();
        }
        return type + (cause.getMessage() == null ? "" : ": " + cause.getMessage());
    }
}
