package io.keepup.volume.disk;

import io.keepup.volume.VolumeException;
import io.keepup.volume.VolumeException.Kind;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Path;
import java.nio.file.ReadOnlyFileSystemException;

/** Says in one sentence what an I/O error means for a volume. */
public final class DiskErrors {
    private DiskErrors() {}

    /** The failure of {@code action} (such as "write") on {@code path}. */
    public static VolumeException of(String action, Path path, IOException e) {
        String text = String.valueOf(e.getMessage());
        if (text.contains("No space left") || text.contains("quota exceeded")) {
            return new VolumeException(
                    Kind.DISK_FULL, "No space left to " + action + " " + path + ": free some and try again.", e);
        }
        if (e instanceof AccessDeniedException
                || text.contains("Permission denied")
                || text.contains("Read-only file system")) {
            return notWritable(action, path, e);
        }
        String what = e.getClass().getSimpleName() + (e.getMessage() == null ? "" : ", " + text.replace('\n', ' '));
        return new VolumeException(
                Kind.IO_ERROR,
                "Cannot " + action + " " + path + " (" + what + "): check the disk, then open the volume again.",
                e);
    }

    static VolumeException of(String action, Path path, ReadOnlyFileSystemException e) {
        return notWritable(action, path, e);
    }

    static VolumeException locked(Path directory, String who) {
        return new VolumeException(
                Kind.LOCKED,
                "Volume directory " + directory + " is in use by " + who + ": stop it or close it there first.");
    }

    private static VolumeException notWritable(String action, Path path, Exception e) {
        return new VolumeException(
                Kind.NOT_WRITABLE,
                "No permission to " + action + " " + path
                        + ": make it writable for this user, or choose another directory.",
                e);
    }
}
