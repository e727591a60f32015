package io.keepup.node.world;

import io.keepup.service.failure.FileHandles;
import io.keepup.volume.Volume;
import io.keepup.volume.VolumeException;
import io.keepup.volume.VolumeSpec;
import io.keepup.volume.VolumeStatus;
import io.keepup.volume.VolumeTuning;
import io.keepup.volume.disk.Disk;
import io.keepup.volume.disk.FileSystemDisk;
import java.nio.file.Path;

/**
 * What a node's volumes and notes are kept on.
 *
 * @param disk one for all of them, so that they lose power together; a simulated one must not let another task run
 *     meanwhile, as volumes hold their locks over its calls
 * @param tuning of every volume
 * @param handles what the open volumes may take of the process's file handles
 */
public record Storage(Disk disk, VolumeTuning tuning, VolumeHandles handles) {

    /** The operating system's files. */
    public static final Storage FILES =
            new Storage(new FileSystemDisk(), VolumeTuning.DEFAULT, new VolumeHandles(FileHandles.ofProcess()));

    /** One whose files are no files of the operating system: it has no limit. */
    public Storage(Disk disk, VolumeTuning tuning) {
        this(disk, tuning, new VolumeHandles(FileHandles.UNLIMITED));
    }

    /**
     * Creates a volume of zeros and opens it, as {@link Volume#create(Path, VolumeSpec)}. A creation that failed after its last
     * step has left the volume there; asked again, it is opened.
     */
    public Volume create(Path directory, VolumeSpec spec) {
        try {
            return Volume.create(directory, spec, disk, tuning);
        } catch (VolumeException e) {
            if (e.kind() != VolumeException.Kind.ALREADY_EXISTS) {
                throw e;
            }
            return created(directory, spec, e);
        }
    }

    private Volume created(Path directory, VolumeSpec spec, VolumeException otherwise) {
        Volume volume;
        try {
            volume = open(directory);
        } catch (VolumeException e) {
            otherwise.addSuppressed(e);
            throw otherwise;
        }
        VolumeStatus status = volume.status();
        if (status.epoch() > 0 || !status.spec().equals(spec)) { // somebody has used it
            volume.close();
            throw otherwise;
        }
        return volume;
    }

    /** Opens a volume, as {@link Volume#open(Path)}. */
    public Volume open(Path directory) {
        return Volume.open(directory, disk, tuning);
    }
}
