package io.keepup.bench.write;

import io.keepup.volume.disk.Disk;
import io.keepup.volume.disk.DiskFile;
import io.keepup.volume.disk.FileSystemDisk;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;

/** The real disk, counting the fsyncs of a volume's WAL. */
final class CountingDisk implements Disk {
    private final Disk disk = new FileSystemDisk();
    private final AtomicLong walFsyncs = new AtomicLong();

    long walFsyncs() {
        return walFsyncs.get();
    }

    @Override
    public Lock lock(Path directory) {
        return disk.lock(directory);
    }

    @Override
    public DiskFile open(Path path, boolean create) {
        DiskFile file = disk.open(path, create);
        return path.getParent().endsWith("wal") ? new CountingFile(file) : file;
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
        disk.delete(path);
    }

    @Override
    public void rename(Path from, Path to) {
        disk.rename(from, to);
    }

    @Override
    public void syncDirectory(Path directory) {
        disk.syncDirectory(directory);
    }

    private final class CountingFile implements DiskFile {
        private final DiskFile file;

        CountingFile(DiskFile file) {
            this.file = file;
        }

        @Override
        public int read(ByteBuffer dst, long position) {
            return file.read(dst, position);
        }

        @Override
        public void write(ByteBuffer src, long position) {
            file.write(src, position);
        }

        @Override
        public long size() {
            return file.size();
        }

        @Override
        public void setSize(long bytes) {
            file.setSize(bytes);
        }

        @Override
        public void force() {
            walFsyncs.incrementAndGet();
            file.force();
        }

        @Override
        public void close() {
            file.close();
        }
    }
}
