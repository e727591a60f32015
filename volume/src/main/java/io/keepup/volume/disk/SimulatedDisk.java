package io.keepup.volume.disk;

import io.keepup.volume.VolumeException;
import io.keepup.volume.VolumeException.Kind;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;

/**
 * A disk in memory that knows what an fsync made durable, fails at a chosen change, and shows what a power cut may leave.
 *
 * <p>A change is anything that alters the disk or makes it durable: a write, a resize, an fsync, a creation, deletion or rename.
 * Files are durable after their fsync, their names after {@link #syncDirectory}; directories at once. The same calls and seeds give
 * the same disk. Thread-safe. Fast enough for thousands of small disks: pages are copied on change, holes take no memory.
 */
public final class SimulatedDisk implements Disk {
    /** What a power cut does with what was not fsynced. */
    public enum Unsynced {
        /** It is gone. */
        LOST,
        /** All of it got there. */
        KEPT,
        /** Any of its 512-byte sectors got there, and for each file and directory its new or its old size and names. */
        TORN
    }

    private static final int NEVER = Integer.MAX_VALUE;

    private final Map<Path, PagedContent> files = new TreeMap<>();
    private final Map<Path, Map<Path, PagedContent>> durableNames = new TreeMap<>();
    private final Set<Path> directories = new TreeSet<>();
    private final Set<Path> locked = new HashSet<>();
    private int changes;
    private int forces;
    private int failAt = NEVER;
    private boolean failOnce;
    private boolean failed;
    private Kind failure = Kind.IO_ERROR;
    private volatile Runnable beforeForce = () -> {};
    private volatile Consumer<Path> beforeWrite = path -> {};

    /** Has the {@code nth} change from now (1: the next) and all after it fail as {@code kind}; of a write, half gets there. */
    public synchronized void failFrom(int nth, Kind kind) {
        failAt = Math.addExact(changes, nth);
        failure = kind;
        failOnce = false;
        failed = false;
    }

    /** Has the {@code nth} change from now (1: the next), and only that, fail as {@code kind}; of a write, half gets there. */
    public synchronized void failOnce(int nth, Kind kind) {
        failFrom(nth, kind);
        failOnce = true;
    }

    /** Has no further change fail. */
    public synchronized void heal() {
        failAt = NEVER;
    }

    /** Whether a change failed since the failure was chosen. */
    public synchronized boolean failed() {
        return failed;
    }

    /** Number of changes asked for so far, failed ones included. */
    public synchronized int changes() {
        return changes;
    }

    /** Number of fsyncs of files so far. */
    public synchronized int forces() {
        return forces;
    }

    /** Runs before every fsync of a file, in its thread, without any lock of the disk. */
    public void beforeForce(Runnable action) {
        beforeForce = action;
    }

    /** Runs before every write to a file, given its path, in its thread, without any lock of the disk. */
    public void beforeWrite(Consumer<Path> action) {
        beforeWrite = action;
    }

    /**
     * The disk after a power cut now, when power is back: with no failure chosen and nothing locked. This disk stays as it is for
     * whoever still holds it; neither sees the other's changes.
     */
    public synchronized SimulatedDisk afterPowerCut(Unsynced mode, long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        SimulatedDisk after = new SimulatedDisk();
        after.directories.addAll(directories);
        for (Path directory : directories) {
            boolean asNow = mode == Unsynced.KEPT || mode == Unsynced.TORN && random.nextBoolean();
            Map<Path, PagedContent> names = asNow ? entries(directory) : durableNames.getOrDefault(directory, Map.of());
            names.forEach((path, content) -> after.files.put(path, content.afterPowerCut(mode, random)));
            after.durableNames.put(directory, after.entries(directory));
        }
        return after;
    }

    /** Flips one bit of the file's byte at {@code position}, durably, as a disk that rots. */
    public synchronized void rot(Path path, long position) {
        PagedContent content = existing(path);
        if (position < 0 || position >= content.size()) {
            throw new IllegalArgumentException(path + " has no byte " + position);
        }
        content.rot(position);
    }

    @Override
    public synchronized DiskFile open(Path path, boolean create) {
        if (create && !files.containsKey(path)) {
            if (!directories.contains(path.getParent())) {
                throw absent(path.getParent());
            }
            change("create", path);
            files.put(path, new PagedContent());
        }
        return new SimulatedFile(path, existing(path));
    }

    @Override
    public Lock lock(Path directory) {
        synchronized (this) {
            if (!locked.add(directory)) {
                throw DiskErrors.locked(directory, "this process");
            }
        }
        return () -> {
            synchronized (this) {
                locked.remove(directory);
            }
        };
    }

    @Override
    public synchronized boolean exists(Path path) {
        return files.containsKey(path) || directories.contains(path);
    }

    @Override
    public synchronized boolean isDirectory(Path path) {
        return directories.contains(path);
    }

    @Override
    public synchronized List<Path> list(Path directory) {
        if (!directories.contains(directory)) {
            throw absent(directory);
        }
        TreeSet<Path> all = new TreeSet<>(entries(directory).keySet());
        directories.stream().filter(d -> directory.equals(d.getParent())).forEach(all::add);
        return List.copyOf(all);
    }

    @Override
    public synchronized void createDirectories(Path directory) {
        for (Path d = directory; d != null; d = d.getParent()) {
            directories.add(d);
        }
    }

    @Override
    public synchronized void delete(Path path) {
        change("delete", path);
        files.remove(path);
    }

    @Override
    public synchronized void rename(Path from, Path to) {
        change("rename", from);
        PagedContent content = existing(from);
        files.remove(from);
        files.put(to, content);
    }

    @Override
    public synchronized void syncDirectory(Path directory) {
        change("fsync", directory);
        durableNames.put(directory, entries(directory));
    }

    private Map<Path, PagedContent> entries(Path directory) {
        Map<Path, PagedContent> entries = new TreeMap<>();
        files.forEach((path, content) -> {
            if (directory.equals(path.getParent())) {
                entries.put(path, content);
            }
        });
        return entries;
    }

    private PagedContent existing(Path path) {
        PagedContent content = files.get(path);
        if (content == null) {
            throw absent(path);
        }
        return content;
    }

    private static VolumeException absent(Path path) {
        return new VolumeException(Kind.IO_ERROR, path + " is not on the simulated disk: create it first.");
    }

    private void change(String what, Path path) {
        changes++;
        if (changes < failAt || failOnce && failed) {
            return;
        }
        failed = true;
        throw new VolumeException(
                failure,
                "Cannot " + what + " " + path + " (change " + changes + " was chosen to fail): heal the disk.");
    }

    private final class SimulatedFile implements DiskFile {
        private final Path path;
        private final PagedContent content;

        SimulatedFile(Path path, PagedContent content) {
            this.path = path;
            this.content = content;
        }

        @Override
        public int read(ByteBuffer dst, long position) {
            synchronized (SimulatedDisk.this) {
                return content.read(dst, position);
            }
        }

        @Override
        public void write(ByteBuffer src, long position) {
            beforeWrite.accept(path);
            synchronized (SimulatedDisk.this) {
                boolean wasFailed = failed;
                try {
                    change("write", path);
                } catch (VolumeException e) {
                    if (!wasFailed) {
                        // The write that was going on.
                        content.write(src.slice(src.position(), src.remaining() / 2), position);
                    }
                    throw e;
                }
                content.write(src, position);
            }
        }

        @Override
        public long size() {
            synchronized (SimulatedDisk.this) {
                return content.size();
            }
        }

        @Override
        public void setSize(long bytes) {
            synchronized (SimulatedDisk.this) {
                change("resize", path);
                content.setSize(bytes);
            }
        }

        @Override
        public void force() {
            beforeForce.run();
            synchronized (SimulatedDisk.this) {
                forces++;
                change("fsync", path);
                content.force();
            }
        }

        @Override
        public void close() {
            // Nothing to let go.
        }
    }
}
