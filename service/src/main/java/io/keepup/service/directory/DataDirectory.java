package io.keepup.service.directory;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.keepup.service.directory.DirectoryException.Reason;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;

/**
 * A directory that this process has to itself and whose format it knows.
 *
 * <ul>
 *   <li>A lock file is locked while it is open. The lock ends with the process, however that ends.
 *   <li>{@code VERSION} holds one line that names the format. Like every small file that is written here it is written to another
 *       name, fsynced and renamed: after a full disk or a crash it is whole or not there.
 *   <li>A directory that is new, empty, or holds nothing but what mkfs or an unfinished start left gets its {@code VERSION}; an empty
 *       {@code VERSION} with nothing beside it counts as none. One that holds other things is refused untouched, so that a mistyped
 *       path does no harm.
 * </ul>
 */
public final class DataDirectory implements AutoCloseable {

    private static final String VERSION = "VERSION";
    private static final String DRAFT = ".new";
    /** What mkfs leaves in the root of an ext file system. */
    private static final String LOST_AND_FOUND = "lost+found";

    private static final int MAX_VERSION_BYTES = 100;

    /**
     * Lock files locked by this JVM. Closing any second channel on a file drops the process's POSIX lock on it, so a second claim
     * within the JVM must be refused before it opens the file.
     */
    private static final Set<Path> LOCKED = ConcurrentHashMap.newKeySet();

    private final Path path;
    private final Path lockFile;
    private final FileChannel lock;

    private DataDirectory(Path path, Path lockFile, FileChannel lock) {
        this.path = path;
        this.lockFile = lockFile;
        this.lock = lock;
    }

    /**
     * Makes the directory if it is absent, locks it and checks its format.
     *
     * @param format one line, such as {@code keepup-node 1}
     * @param lockName name of the lock file
     * @throws DirectoryException when it cannot be used
     */
    public static DataDirectory claim(Path directory, String format, String lockName) {
        Path path = make(directory);
        Path lockFile = path.resolve(lockName);
        if (!LOCKED.add(lockFile)) {
            throw inUse(path);
        }
        FileChannel channel = null;
        try {
            channel = FileChannel.open(lockFile, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
            FileLock lock = channel.tryLock();
            if (lock == null) {
                throw inUse(path);
            }
            checkFormat(path, format, lockName);
            return new DataDirectory(path, lockFile, channel);
        } catch (IOException e) {
            release(lockFile, channel);
            throw unusable(path, e);
        } catch (RuntimeException e) {
            release(lockFile, channel);
            throw e;
        }
    }

    /** Whether a process, this one included, has claimed the directory. */
    public static boolean isClaimed(Path directory, String lockName) throws IOException {
        Path lockFile = directory.toRealPath().resolve(lockName);
        if (LOCKED.contains(lockFile)) {
            return true;
        }
        if (!Files.exists(lockFile)) {
            return false;
        }
        try (FileChannel channel = FileChannel.open(lockFile, StandardOpenOption.WRITE);
                FileLock lock = channel.tryLock()) {
            return lock == null;
        }
    }

    /** The directory's real path. */
    public Path path() {
        return path;
    }

    /**
     * Writes a small file of one line into the directory, in place of an older one, durably.
     *
     * @throws DirectoryException when it cannot be written; the older one is then still there
     */
    public void write(String name, String line) {
        try {
            writeWhole(path.resolve(name), line);
        } catch (IOException e) {
            throw unusable(path, e);
        }
    }

    /**
     * Deletes a small file, if it is there.
     *
     * @throws DirectoryException when it cannot be deleted
     */
    public void delete(String name) {
        try {
            Files.deleteIfExists(path.resolve(name));
        } catch (IOException e) {
            throw unusable(path, e);
        }
    }

    /** Lets go of the directory; a second call does nothing, for by then another may have it. */
    @Override
    public void close() {
        if (lock.isOpen()) {
            release(lockFile, lock);
        }
    }

    private static Path make(Path directory) {
        try {
            boolean made = !Files.exists(directory);
            Path path = Files.createDirectories(directory).toRealPath();
            if (made) {
                sync(path.getParent());
            }
            return path;
        } catch (IOException e) {
            throw unusable(directory.toAbsolutePath(), e);
        }
    }

    private static void checkFormat(Path path, String format, String lockName) throws IOException {
        Path version = path.resolve(VERSION);
        boolean there = Files.exists(version);
        String found = there ? start(version) : "";
        if (found.equals(format)) {
            return;
        }
        if (!found.isEmpty()) {
            throw new DirectoryException(
                    Reason.OTHER_FORMAT,
                    "cannot use data directory %s: its format is '%s', this program reads '%s'; use the program that wrote it, or give another directory"
                            .formatted(path, found, format),
                    null);
        }
        List<String> content = content(path, lockName);
        if (!content.isEmpty()) {
            throw new DirectoryException(
                    Reason.OTHER_FORMAT,
                    there
                            ? "cannot use data directory %s: its %s is empty, yet it holds %s; write '%s' into %s if that is what it was, or give another directory"
                                    .formatted(path, VERSION, some(content), format, VERSION)
                            : "cannot use data directory %s: it holds %s and no %s; give an empty or absent directory"
                                    .formatted(path, some(content), VERSION),
                    null);
        }
        writeWhole(version, format);
    }

    /** A format's line is short; of anything else its beginning is enough to be recognised. */
    private static String start(Path file) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            ByteBuffer bytes = ByteBuffer.allocate(MAX_VERSION_BYTES);
            while (bytes.hasRemaining() && channel.read(bytes) >= 0) {
                // until the end of the file or of the buffer
            }
            return UTF_8.decode(bytes.flip())
                    .toString()
                    .lines()
                    .findFirst()
                    .orElse("")
                    .strip();
        }
    }

    /** What is in the directory beside our own beginnings and what mkfs left. */
    private static List<String> content(Path path, String lockName) throws IOException {
        Set<String> noContent = Set.of(lockName, VERSION, VERSION + DRAFT, LOST_AND_FOUND);
        try (Stream<Path> entries = Files.list(path)) {
            return entries.map(entry -> entry.getFileName().toString())
                    .filter(name -> !noContent.contains(name))
                    .sorted()
                    .toList();
        }
    }

    private static String some(List<String> names) {
        return names.size() == 1 ? names.get(0) : "%s and %s more".formatted(names.get(0), names.size() - 1);
    }

    private static void writeWhole(Path file, String line) throws IOException {
        Path draft = file.resolveSibling(file.getFileName() + DRAFT);
        try {
            try (FileChannel channel = FileChannel.open(
                    draft, StandardOpenOption.CREATE, StandardOpenOption.TRUNCATE_EXISTING, StandardOpenOption.WRITE)) {
                ByteBuffer bytes = UTF_8.encode(line + "\n");
                while (bytes.hasRemaining()) {
                    channel.write(bytes);
                }
                channel.force(true);
            }
            Files.move(draft, file, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            try {
                Files.deleteIfExists(draft);
            } catch (IOException also) {
                e.addSuppressed(also);
            }
            throw e;
        }
        sync(file.getParent());
    }

    private static void sync(Path directory) throws IOException {
        try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
            channel.force(true);
        }
    }

    private static void release(Path lockFile, FileChannel channel) {
        try {
            if (channel != null) {
                channel.close();
            }
        } catch (IOException e) {
            throw new IllegalStateException("cannot release the lock %s".formatted(lockFile), e);
        } finally {
            LOCKED.remove(lockFile);
        }
    }

    private static DirectoryException inUse(Path path) {
        return new DirectoryException(
                Reason.IN_USE,
                "cannot use data directory %s: another process or start has it; stop that one first, or give another directory"
                        .formatted(path),
                null);
    }

    private static DirectoryException unusable(Path path, IOException cause) {
        return new DirectoryException(
                Reason.UNUSABLE, "cannot use data directory %s: %s".formatted(path, what(cause)), cause);
    }

    /** What is wrong, and what to do; often a file system exception's message is only the path, and its type says what is wrong. */
    private static String what(IOException cause) {
        String said = cause instanceof FileSystemException file ? file.getReason() : cause.getMessage();
        if (said != null && (said.contains("No space left") || said.contains("quota exceeded"))) {
            return "no space left on its file system; free some and start again";
        }
        if (cause instanceof AccessDeniedException) {
            return "this user may not write there; change its owner or rights, or give another directory";
        }
        return "%s; give a directory this user can write"
                .formatted(said == null ? cause.getClass().getSimpleName() : said);
    }
}
