package io.keepup.volume.disk;

import io.keepup.volume.VolumeException;
import io.keepup.volume.VolumeException.Kind;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * Stops all changes to a volume after the first failed one.
 *
 * <p>After a failed fsync the kernel may forget the dirty pages, so a later fsync that succeeds proves nothing: going on could
 * acknowledge lost data. Reads go on. Only a full disk under a write is no reason to stop.
 */
public final class FailStopDisk implements Disk {
    private final Disk disk;
    private volatile VolumeException failure;
    private volatile VolumeException full;

    /** Guards {@code disk}. */
    public FailStopDisk(Disk disk) {
        this.disk = disk;
    }

    /** Stops all further changes because of {@code cause}. */
    public void stop(VolumeException cause) {
        if (failure == null) {
            failure = cause;
        }
    }

    /** Whether changes are refused. */
    public boolean stopped() {
        return failure != null;
    }

    /** The failed change since which all others are refused; empty while there was none. */
    public Optional<VolumeException> failure() {
        return Optional.ofNullable(failure);
    }

    /** The last change for which there was no room, until {@link #hasRoom} is called; changes are not refused for that. */
    public Optional<VolumeException> full() {
        return Optional.ofNullable(full);
    }

    /** There is room again. */
    public void hasRoom() {
        full = null;
    }

    @Override
    public Lock lock(Path directory) {
        return disk.lock(directory);
    }

    @Override
    public DiskFile open(Path path, boolean create) {
        return new GuardedFile(create ? change(() -> disk.open(path, true)) : disk.open(path, false));
    }

    @Override
    public boolean exists(Path path) {
        return disk.exists(path);
    }

    @Override
    public boolean isDirectory(Path path) {
        return disk.isDirectory(path);
    }

    @Override
    public List<Path> list(Path directory) {
        return disk.list(directory);
    }

    @Override
    public void createDirectories(Path directory) {
        disk.createDirectories(directory);
    }

    @Override
    public void delete(Path path) {
        change(() -> disk.delete(path));
    }

    @Override
    public void rename(Path from, Path to) {
        change(() -> disk.rename(from, to));
    }

    @Override
    public void syncDirectory(Path directory) {
        sync(() -> disk.syncDirectory(directory));
    }

    private void change(Runnable operation) {
        change(() -> {
            operation.run();
            return null;
        });
    }

    private <T> T change(Supplier<T> operation) {
        refuseWhenStopped();
        try {
            return operation.get();
        } catch (VolumeException e) {
            if (e.kind() == Kind.DISK_FULL) {
                full = e;
            } else if (e.kind() != Kind.NO_FILE_HANDLES) { // of those nothing was begun, and there may be some later
                stop(e);
            }
            throw e;
        }
    }

    private void sync(Runnable operation) {
        refuseWhenStopped();
        try {
            operation.run();
        } catch (VolumeException e) {
            stop(e);
            throw e;
        }
    }

    private void refuseWhenStopped() {
        VolumeException cause = failure;
        if (cause != null) {
            // Of a full disk the next try may succeed; here none will.
            Kind kind = cause.kind() == Kind.DISK_FULL ? Kind.IO_ERROR : cause.kind();
            throw new VolumeException(
                    kind, "the volume takes no changes since its disk failed: " + cause.getMessage(), cause);
        }
    }

    private final class GuardedFile implements DiskFile {
        private final DiskFile file;

        GuardedFile(DiskFile file) {
            this.file = file;
        }

        @Override
        public int read(ByteBuffer dst, long position) {
            return file.read(dst, position);
        }

        @Override
        public int readAround(ByteBuffer dst, long position) {
            return file.readAround(dst, position);
        }

        @Override
        public void write(ByteBuffer src, long position) {
            change(() -> file.write(src, position));
        }

        @Override
        public void writeAround(ByteBuffer src, long position) {
            change(() -> file.writeAround(src, position));
        }

        @Override
        public long size() {
            return file.size();
        }

        @Override
        public void setSize(long bytes) {
            // Stops on any failure: what should have been cut off may come back to life.
            sync(() -> file.setSize(bytes));
        }

        @Override
        public void force() {
            sync(file::force);
        }

        @Override
        public void close() {
            file.close();
        }
    }
}
