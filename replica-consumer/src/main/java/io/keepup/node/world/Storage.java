package io.keepup.node.world;

import io.keepup.volume.Volume;
import io.keepup.volume.VolumeSpec;
import io.keepup.volume.disk.Disk;
import java.nio.file.Path;

/**
 * What a node's volumes and notes are kept on. Nothing of it waits for another task: a simulated disk takes no time, or
 * lets it pass without anybody else running.
 */
public interface Storage {

    /** Creates a volume of zeros and opens it, as {@link Volume#create}. */
    Volume create(Path directory, VolumeSpec spec);

    /** Opens a volume, as {@link Volume#open}. */
    Volume open(Path directory);

    /** For notes, and to find the volumes. */
    Disk disk();
}
