package io.keepup.volume.disk;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.stream.Stream;

/** The operating system's files. */
public final class FileSystemDisk implements Disk {
    @Override
    public Lock lock(Path directory) {
        return DirectoryLock.acquire(directory);
    }

    @Override
    public DiskFile open(Path path, boolean create) {
        return new ChannelFile(path, create);
    }

    @Override
    public boolean exists(Path path) {
        return Files.exists(path);
    }

    @Override
    public boolean isDirectory(Path path) {
        return Files.isDirectory(path);
    }

    @Override
    public List<Path> list(Path directory) {
        try (Stream<Path> entries = Files.list(directory)) {
            return entries.sorted().toList();
        } catch (IOException e) {
            throw DiskErrors.of("list", directory, e);
        }
    }

    @Override
    public void createDirectories(Path directory) {
        try {
            Files.createDirectories(directory);
        } catch (IOException e) {
            throw DiskErrors.of("create", directory, e);
        }
    }

    @Override
    public void delete(Path path) {
        try {
            Files.deleteIfExists(path);
        } catch (IOException e) {
            throw DiskErrors.of("delete", path, e);
        }
    }

    @Override
    public void rename(Path from, Path to) {
        try {
            Files.move(from, to, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            throw DiskErrors.of("rename", from, e);
        }
    }

    @Override
    public Object fileSystem(Path directory) {
        try {
            return Files.getAttribute(directory, "unix:dev");
        } catch (IOException e) {
            throw DiskErrors.of("look at", directory, e);
        } catch (UnsupportedOperationException e) {
            return directory; // not known here: each directory for itself
        }
    }

    @Override
    public void syncDirectory(Path directory) {
        try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
            channel.force(true);
        } catch (IOException e) {
            throw DiskErrors.of("fsync", directory, e);
        }
    }
}
