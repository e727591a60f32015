package io.keepup.service.directory;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;

/** Asks a disk what it has against more data: libraries that fail for it seldom pass on what it said. */
public final class DiskCheck {

    /** As much as a file may ask for at once: less may still fit a disk that is full for all practical purposes. */
    private static final int BYTES = 1 << 20;

    private DiskCheck() {}

    /**
     * What the file system says when a MiB is written in the directory and fsynced, in its own words, such as
     * {@code No space left on device}; empty when it takes it, or when there is no such directory.
     */
    public static Optional<String> refusal(Path directory) {
        if (!Files.isDirectory(directory)) {
            return Optional.empty();
        }
        try {
            Path file = Files.createTempFile(directory, "disk-check", null);
            try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
                ByteBuffer bytes = ByteBuffer.allocate(BYTES);
                while (bytes.hasRemaining()) {
                    channel.write(bytes);
                }
                channel.force(true);
            } finally {
                Files.deleteIfExists(file);
            }
            return Optional.empty();
        } catch (FileSystemException e) {
            return Optional.of(e.getReason() == null ? e.getClass().getSimpleName() : e.getReason());
        } catch (IOException e) {
            return Optional.of(String.valueOf(e.getMessage()));
        }
    }
}
