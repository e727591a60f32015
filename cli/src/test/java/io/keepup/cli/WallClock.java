package io.keepup.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** The wall clock of one process, which a test may set while the process runs; its monotonic clock stays the machine's. */
public final class WallClock {

    private static final String SOURCE = "clock_shift.c";

    private final Path library;
    private final Path shift;

    private WallClock(Path library, Path shift) {
        this.library = library;
        this.shift = shift;
    }

    /**
     * A clock that shows what the machine's does.
     *
     * <p>Skips the test where there is no gcc to build what sets it, but fails it where {@code REQUIRE_GCC=true} says that there
     * must be one.
     *
     * @param directory of files of its own
     */
    public static WallClock in(Path directory) throws IOException, InterruptedException {
        Files.createDirectories(directory);
        Path source = directory.resolve(SOURCE);
        try (InputStream text = WallClock.class.getResourceAsStream(SOURCE)) {
            Files.copy(text, source);
        }
        Path library = directory.resolve("clock_shift.so");
        boolean built = built(source, library, directory.resolve("gcc.out"));
        if (Boolean.parseBoolean(System.getenv("REQUIRE_GCC"))) {
            assertThat(built).as("REQUIRE_GCC=true needs gcc on the PATH").isTrue();
        }
        assumeTrue(built, "there is no gcc");
        WallClock clock = new WallClock(library, directory.resolve("shift"));
        clock.ahead(Duration.ZERO);
        return clock;
    }

    private static boolean built(Path source, Path library, Path output) throws InterruptedException {
        try {
            Process gcc = new ProcessBuilder(
                            "gcc", "-shared", "-fPIC", "-nostdlib", "-o", library.toString(), source.toString())
                    .redirectErrorStream(true)
                    .redirectOutput(output.toFile())
                    .start();
            return gcc.waitFor(1, TimeUnit.MINUTES) && gcc.exitValue() == 0;
        } catch (IOException e) {
            return false;
        }
    }

    /** From now on it shows so much more than the machine's, or less. */
    public WallClock ahead(Duration by) {
        ByteBuffer seconds =
                ByteBuffer.allocate(Long.BYTES).order(ByteOrder.nativeOrder()).putLong(0, by.toSeconds());
        try (FileChannel file = FileChannel.open(shift, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            file.write(seconds, 0);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return this;
    }

    /** For the process whose clock it is. */
    public Map<String, String> environment() {
        return Map.of("LD_PRELOAD", library.toString(), "CLOCK_SHIFT", shift.toString());
    }
}
