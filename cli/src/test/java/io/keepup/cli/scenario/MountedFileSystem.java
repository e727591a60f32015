package io.keepup.cli.scenario;

import static io.keepup.cli.scenario.VolumeUnderTest.waitFor;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;

/** A small real file system under a node's directory, mounted; the test is left out where that is not allowed. */
final class MountedFileSystem implements AutoCloseable {

    private final Path directory;
    /** What an ext4 lies in, and its loop device; null for a tmpfs. */
    private final Path image;

    private String device;

    private MountedFileSystem(Path directory, Path image) {
        this.directory = directory;
        this.image = image;
    }

    /** In memory, of so many MiB. */
    static MountedFileSystem tmpfs(Path directory, int mib) {
        MountedFileSystem made = new MountedFileSystem(created(directory), null);
        Assumptions.assumeTrue(
                ran("mount", "-t", "tmpfs", "-o", "size=" + mib + "m", "tmpfs", directory.toString()),
                "no right to mount a small file system here");
        return made;
    }

    /** An ext4 on a loop device that takes no changes any more after its first error. */
    static MountedFileSystem ext4(Path directory, int mib) {
        Path image = directory.resolveSibling(directory.getFileName() + ".img");
        created(directory);
        MountedFileSystem made = new MountedFileSystem(directory, image);
        boolean mounted = ran("truncate", "-s", mib + "M", image.toString())
                && ran("mkfs.ext4", "-q", "-m", "0", "-E", "lazy_itable_init=0,lazy_journal_init=0", image.toString())
                && made.mount();
        if (!mounted) {
            made.close();
        }
        Assumptions.assumeTrue(mounted, "no right to mount a file system on a loop device here");
        return made;
    }

    private boolean mount() {
        List<String> printed = output("losetup", "-f", "--show", image.toString());
        device = printed.isEmpty() ? null : printed.getFirst();
        return device != null && ran("mount", "-o", "errors=remount-ro", device, directory.toString());
    }

    /** An error of the file system, as of a dying disk: from now on it takes no changes. */
    void fail() {
        String name = device.substring(device.lastIndexOf('/') + 1);
        write(Path.of("/sys/fs/ext4", name, "trigger_fs_error"), "1\n");
    }

    /** Checks and mends what failed, and mounts it again; nobody may have a file of it open. */
    void repair() {
        waitFor("the file system to be let go").until(() -> ran("umount", directory.toString()));
        close();
        // 1: errors were corrected
        assertThat(status("e2fsck", "-fy", image.toString())).isBetween(0, 1);
        assertThat(mount()).as("mounted again").isTrue();
    }

    /** Has no room left after this; returns the file that took it. */
    Path fill() {
        Path filler = directory.resolve("filler");
        ran("dd", "if=/dev/zero", "of=" + filler, "bs=4096");
        return filler;
    }

    /** Of a tmpfs: it has so many MiB from now on. */
    void resize(int mib) {
        assertThat(ran("mount", "-o", "remount,size=" + mib + "m", directory.toString()))
                .isTrue();
    }

    /** Whoever has a file of it open keeps that. */
    @Override
    public void close() {
        if (ran("mountpoint", "-q", directory.toString())) {
            ran("umount", "--lazy", directory.toString());
        }
        if (device != null) {
            ran("losetup", "-d", device);
            device = null;
        }
    }

    private static Path created(Path directory) {
        try {
            return Files.createDirectories(directory);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void write(Path file, String text) {
        try {
            Files.writeString(file, text);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static boolean ran(String... command) {
        return status(command) == 0;
    }

    private static int status(String... command) {
        return run(new ArrayList<>(), command);
    }

    private static List<String> output(String... command) {
        List<String> lines = new ArrayList<>();
        run(lines, command);
        return lines;
    }

    private static int run(List<String> lines, String... command) {
        try {
            Process process =
                    new ProcessBuilder(command).redirectErrorStream(true).start();
            lines.addAll(new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8)
                    .lines()
                    .toList());
            assertThat(process.waitFor(30, TimeUnit.SECONDS))
                    .as(Arrays.toString(command))
                    .isTrue();
            return process.exitValue();
        } catch (IOException e) {
            return 127; // there is no such program
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError("interrupted", e);
        }
    }
}
