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
        if (e instanceof AccessDeniedException || text.contains("Permission denied")) {
            return new VolumeException(
                    Kind.NOT_WRITABLE,
                    "No permission to " + action + " " + path
                            + ": make it writable for this user, or choose another directory.",
                    e);
        }
        if (text.contains("Read-only file system")) {
            return readOnly(action, path, e);
        }
        if (text.contains("Too many open files")) {
            return new VolumeException(
                    Kind.NO_FILE_HANDLES,
                    "cannot " + action + " " + path
                            + ": Too many open files; raise ulimit -n, then start the process again",
                    e);
        }
        if (text.contains("File too large")) {
            return new VolumeException(
                    Kind.BAD_SPEC,
                    "cannot " + action + " " + path
                            + ": File too large; choose a smaller size, or a file system that holds such files",
                    e);
        }
        String what = e.getClass().getSimpleName() + (e.getMessage() == null ? "" : ", " + text.replace('\n', ' '));
        return new VolumeException(
                Kind.IO_ERROR,
                "Cannot " + action + " " + path + " (" + what + "): check the disk, then open the volume again.",
                e);
    }

    static VolumeException of(String action, Path path, ReadOnlyFileSystemException e) {
        return readOnly(action, path, e);
    }

    static VolumeException locked(Path directory, String who) {
        return new VolumeException(
                Kind.LOCKED,
                "Volume directory " + directory + " is in use by " + who + ": stop it or close it there first.");
    }

    private static VolumeException readOnly(String action, Path path, Exception e) {
        return new VolumeException(
                Kind.READ_ONLY,
                "cannot " + action + " " + path
                        + ": Read-only file system; look at the disk and how it is mounted, then open the volume again",
                e);
    }
}
