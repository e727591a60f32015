package io.keepup.volume.disk;

import io.keepup.volume.VolumeException;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** Keeps a volume's directory to one opener: a file lock against other processes, a set against this one. */
public final class DirectoryLock implements Disk.Lock {
    /** Name of the lock's file. */
    public static final String FILE = "lock";

    // The operating system drops a process's lock when any of its channels on that file closes, so a second
    // attempt in this process must not even open it.
    private static final Set<Path> HELD_HERE = ConcurrentHashMap.newKeySet();

    private final Path key;
    private final FileChannel channel;

    private DirectoryLock(Path key, FileChannel channel) {
        this.key = key;
        this.channel = channel;
    }

    /** @throws VolumeException {@code LOCKED} when somebody has it, {@code NOT_WRITABLE} or {@code IO_ERROR} */
    static DirectoryLock acquire(Path directory) {
        Path file = directory.resolve(FILE);
        Path key;
        try {
            key = directory.toRealPath();
        } catch (IOException e) {
            throw DiskErrors.of("open", directory, e);
        }
        if (!HELD_HERE.add(key)) {
            throw DiskErrors.locked(directory, "this process");
        }
        FileChannel channel = null;
        try {
            channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
            FileLock lock = channel.tryLock();
            if (lock == null) {
                throw DiskErrors.locked(directory, "another process");
            }
            return new DirectoryLock(key, channel);
        } catch (IOException e) {
            release(key, channel);
            throw DiskErrors.of("lock", file, e);
        } catch (OverlappingFileLockException e) {
            release(key, channel);
            throw DiskErrors.locked(directory, "this process");
        } catch (VolumeException e) {
            release(key, channel);
            throw e;
        }
    }

    @Override
    public void close() {
        release(key, channel);
    }

    private static void release(Path key, FileChannel channel) {
        try {
            if (channel != null) {
                channel.close();
            }
        } catch (IOException e) {
            throw DiskErrors.of("unlock", key, e);
        } finally {
            HELD_HERE.remove(key);
        }
    }
}
