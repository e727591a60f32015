package io.keepup.service.directory;

import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;

/** A file system of a few KiB at a directory; skips the test where mounting is not allowed. */
final class SmallFileSystem implements AutoCloseable {

    private final Path at;

    private SmallFileSystem(Path at) {
        this.at = at;
    }

    static SmallFileSystem mount(Path at, String size) throws IOException {
        Assumptions.assumeTrue(
                run("mount", "-t", "tmpfs", "-o", "size=" + size, "tmpfs", at.toString()),
                "no right to mount a small file system here");
        return new SmallFileSystem(at);
    }

    void grow(String size) throws IOException {
        if (!run("mount", "-o", "remount,size=" + size, at.toString())) {
            throw new IOException("cannot make " + at + " larger");
        }
    }

    @Override
    public void close() throws IOException {
        if (!run("umount", at.toString())) {
            throw new IOException("cannot unmount " + at);
        }
    }

    private static boolean run(String... command) throws IOException {
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        try {
            return process.waitFor(20, TimeUnit.SECONDS) && process.exitValue() == 0;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted in " + String.join(" ", command), e);
        }
    }
}
