package io.keepup.node.world;

import io.keepup.volume.Volume;
import io.keepup.volume.VolumeSpec;
import io.keepup.volume.disk.Disk;
import io.keepup.volume.disk.FileSystemDisk;
import java.nio.file.Path;

/** The operating system's files. */
public final class FileStorage implements Storage {

    private final Disk disk = new FileSystemDisk();

    @Override
    public Volume create(Path directory, VolumeSpec spec) {
        return Volume.create(directory, spec);
    }

    @Override
    public Volume open(Path directory) {
        return Volume.open(directory);
    }

    @Override
    public Disk disk() {
        return disk;
    }
}
