package io.keepup.volume;

import io.keepup.volume.VolumeException.Kind;
import io.keepup.volume.disk.Disk;
import io.keepup.volume.disk.DiskFile;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;

/**
 * A disk in memory that knows what an fsync made durable, stops at a chosen change, and shows what a power cut at that point
 * may leave: only what was fsynced, or all of it, or any mixture of sectors.
 */
final class PowerLossDisk implements Disk {
    private static final int SECTOR = 512;

    /** What a power cut does with what was not fsynced. */
    enum Unsynced {
        LOST,
        KEPT,
        MIXED
    }

    private static final class Content {
        byte[] now = {};
        byte[] durable = {};
    }

    private final Map<Path, Content> files = new TreeMap<>();
    private final Map<Path, Map<Path, Content>> durableEntries = new HashMap<>();
    private final Path root;
    private int changes;
    private int stopAfter = Integer.MAX_VALUE;
    private boolean once;
    private volatile Runnable beforeForce = () -> {};
    private Kind failure = Kind.IO_ERROR;

    PowerLossDisk(Path root) {
        this.root = root;
    }

    /** After {@code n} more changes all fail. */
    void stopAfter(int n) {
        stopAfter = changes + n;
    }

    /** Fails as that kind. */
    void stopAfter(int n, Kind with) {
        stopAfter(n);
        failure = with;
    }

    /** Only the {@code n}th change from now fails, as that kind. */
    void stopOnce(int n, Kind with) {
        stopAfter(n - 1, with);
        once = true;
    }

    /** Runs before every fsync of a file, in its thread. */
    void beforeForce(Runnable action) {
        beforeForce = action;
    }

    boolean stopped() {
        return changes > stopAfter;
    }

    /** The disk after power is back. */
    PowerLossDisk after(Unsynced mode, long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        PowerLossDisk next = new PowerLossDisk(root);
        Map<Path, Content> entries = new TreeMap<>();
        durableEntries.values().forEach(entries::putAll);
        boolean keepEntries = mode == Unsynced.KEPT || mode == Unsynced.MIXED && random.nextBoolean();
        for (Map.Entry<Path, Content> e : (keepEntries ? files : entries).entrySet()) {
            Content content = new Content();
            content.now = switch (mode) {
                case LOST -> e.getValue().durable.clone();
                case KEPT -> e.getValue().now.clone();
                case MIXED -> mixed(e.getValue(), random);
            };
            content.durable = content.now.clone();
            next.files.put(e.getKey(), content);
        }
        next.files.keySet().forEach(p -> next.syncEntries(p.getParent()));
        return next;
    }

    private static byte[] mixed(Content content, SplittableRandom random) {
        byte[] longer = random.nextBoolean() ? content.now : content.durable;
        byte[] mixed = new byte[longer.length];
        for (int at = 0; at < mixed.length; at += SECTOR) {
            byte[] from = random.nextBoolean() ? content.now : content.durable;
            int length = Math.min(SECTOR, Math.min(mixed.length, from.length) - at);
            if (length > 0) {
                System.arraycopy(from, at, mixed, at, length);
            }
        }
        return mixed;
    }

    private void change() {
        if (++changes > stopAfter) {
            stopAfter = once ? Integer.MAX_VALUE : stopAfter;
            throw new VolumeException(failure, "The disk stopped at a chosen change.");
        }
    }

    @Override
    public synchronized DiskFile open(Path path, boolean create) {
        if (!files.containsKey(path)) {
            if (!create) {
                throw new VolumeException(Kind.IO_ERROR, path + " is absent.");
            }
            change();
            files.put(path, new Content());
        }
        return new MemoryFile(files.get(path));
    }

    @Override
    public synchronized boolean exists(Path path) {
        return path.equals(root) || files.containsKey(path);
    }

    @Override
    public synchronized List<Path> list(Path directory) {
        return files.keySet().stream()
                .filter(p -> p.getParent().equals(directory))
                .toList();
    }

    @Override
    public void createDirectories(Path directory) {
        // Directories need no content here.
    }

    @Override
    public synchronized void delete(Path path) {
        change();
        files.remove(path);
    }

    @Override
    public synchronized void rename(Path from, Path to) {
        change();
        files.put(to, files.remove(from));
    }

    @Override
    public synchronized void syncDirectory(Path directory) {
        change();
        syncEntries(directory);
    }

    private void syncEntries(Path directory) {
        Map<Path, Content> entries = new HashMap<>();
        list(directory).forEach(p -> entries.put(p, files.get(p)));
        durableEntries.put(directory, entries);
    }

    private final class MemoryFile implements DiskFile {
        private final Content content;

        MemoryFile(Content content) {
            this.content = content;
        }

        @Override
        public int read(ByteBuffer dst, long position) {
            synchronized (PowerLossDisk.this) {
                int length = Math.clamp(content.now.length - position, 0, dst.remaining());
                dst.put(content.now, (int) position, length);
                return length;
            }
        }

        @Override
        public void write(ByteBuffer src, long position) {
            synchronized (PowerLossDisk.this) {
                boolean first = changes == stopAfter;
                try {
                    change();
                } catch (VolumeException e) {
                    if (first) {
                        // The write that was going on: half of it got there.
                        put(src.slice(src.position(), src.remaining() / 2), position);
                    }
                    throw e;
                }
                put(src, position);
            }
        }

        private void put(ByteBuffer src, long position) {
            int end = (int) position + src.remaining();
            if (end > content.now.length) {
                content.now = Arrays.copyOf(content.now, end);
            }
            src.get(content.now, (int) position, src.remaining());
        }

        @Override
        public long size() {
            synchronized (PowerLossDisk.this) {
                return content.now.length;
            }
        }

        @Override
        public void setSize(long bytes) {
            synchronized (PowerLossDisk.this) {
                change();
                content.now = Arrays.copyOf(content.now, (int) bytes);
            }
        }

        @Override
        public void force() {
            beforeForce.run();
            synchronized (PowerLossDisk.this) {
                change();
                content.durable = content.now.clone();
            }
        }

        @Override
        public void close() {
            // Nothing to let go.
        }
    }
}
