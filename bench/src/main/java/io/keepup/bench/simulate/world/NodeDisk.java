package io.keepup.bench.simulate.world;

import io.keepup.bench.simulate.time.Process;
import io.keepup.volume.VolumeException;
import io.keepup.volume.disk.Disk;
import io.keepup.volume.disk.DiskFile;
import io.keepup.volume.disk.SimulatedDisk;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;

/** A node's disk as one process of it has it: gone when the process is dead, which it may be in the middle of a change. */
final class NodeDisk implements Disk {

    private static final int NEVER = Integer.MAX_VALUE;

    private final SimulatedDisk disk;
    private final Process process;
    private final Runnable cut;
    private int cutIn = NEVER;
    private boolean full;

    /** @param cut told that the power went, in the turn of whoever changed the disk */
    NodeDisk(SimulatedDisk disk, Process process, Runnable cut) {
        this.disk = disk;
        this.process = process;
        this.cut = cut;
    }

    /** The power goes in the {@code nth} change from now: of a write, half gets there. */
    void cutAt(int nth) {
        cutIn = nth;
    }

    /** From now on the disk is full, or has room again: nothing new is made and no file grows. */
    void full(boolean isFull) {
        full = isFull;
    }

    private void requireRoom(Path path) {
        if (full) {
            throw new VolumeException(
                    VolumeException.Kind.DISK_FULL, "No space left to write " + path + ": free some and try again.");
        }
    }

    private void change(Runnable half) {
        process.requireAlive();
        if (cutIn == NEVER || --cutIn > 0) {
            return;
        }
        half.run();
        cut.run();
        process.condemn();
        process.requireAlive();
    }

    private void change() {
        change(() -> {});
    }

    @Override
    public Lock lock(Path directory) {
        process.requireAlive();
        return disk.lock(directory);
    }

    @Override
    public DiskFile open(Path path, boolean create) {
        process.requireAlive();
        if (create && !disk.exists(path)) {
            requireRoom(path);
            change();
        }
        return new NodeFile(path, disk.open(path, create));
    }

    @Override
    public boolean exists(Path path) {
        process.requireAlive();
        return disk.exists(path);
    }

    @Override
    public boolean isDirectory(Path path) {
        process.requireAlive();
        return disk.isDirectory(path);
    }

    @Override
    public List<Path> list(Path directory) {
        process.requireAlive();
        return disk.list(directory);
    }

    @Override
    public void createDirectories(Path directory) {
        process.requireAlive();
        disk.createDirectories(directory);
    }

    @Override
    public void delete(Path path) {
        change();
        disk.delete(path);
    }

    @Override
    public void rename(Path from, Path to) {
        change();
        disk.rename(from, to);
    }

    @Override
    public void syncDirectory(Path directory) {
        change();
        disk.syncDirectory(directory);
    }

    private final class NodeFile implements DiskFile {
        private final Path path;
        private final DiskFile file;

        NodeFile(Path path, DiskFile file) {
            this.path = path;
            this.file = file;
        }

        @Override
        public int read(ByteBuffer dst, long position) {
            process.requireAlive();
            return file.read(dst, position);
        }

        @Override
        public void write(ByteBuffer src, long position) {
            ByteBuffer half = src.slice(src.position(), src.remaining() / 2);
            if (full && position + src.remaining() > file.size()) {
                change();
                file.write(half, position);
                requireRoom(path);
            }
            change(() -> file.write(half, position));
            file.write(src, position);
        }

        @Override
        public long size() {
            process.requireAlive();
            return file.size();
        }

        @Override
        public void setSize(long bytes) {
            change();
            file.setSize(bytes);
        }

        @Override
        public void force() {
            change();
            file.force();
        }

        @Override
        public void close() {
            file.close();
        }
    }
}
