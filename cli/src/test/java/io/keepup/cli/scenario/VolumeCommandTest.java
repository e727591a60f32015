package io.keepup.cli.scenario;

import static io.keepup.cli.scenario.VolumeUnderTest.BLOCK;
import static org.assertj.core.api.Assertions.assertThat;

import io.keepup.cli.CommandRun;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** {@code keepup volume} against a real node. */
@Timeout(120)
class VolumeCommandTest {

    private static final int BLOCKS = 256;

    @TempDir
    Path directory;

    @RegisterExtension
    final VolumeUnderTest volume = new VolumeUnderTest((long) BLOCKS * BLOCK);

    private final String p = volume.node("p");

    @Test
    void S_F9_a_read_or_write_beyond_the_end_is_wrong_usage_and_does_nothing() throws Exception {
        volume.start(p);
        volume.assign(1, p);
        volume.awaitReason("allocated_only");
        VolumeUnderTest.waitFor("the primary")
                .until(() -> volume.status(p).role().equals("primary"));
        Path kept = Files.writeString(directory.resolve("kept"), "kept");
        Path large = Files.write(directory.resolve("large"), new byte[BLOCK * 3]);

        for (CommandRun run : List.of(
                run("read", "--blocks", 99_999_999_999L, "--out", kept),
                run("read", "--blocks", Long.MAX_VALUE, "--lba", 1, "--out", kept),
                run("read", "--lba", BLOCKS, "--out", kept),
                run("read", "--lba", Long.MAX_VALUE, "--blocks", Long.MAX_VALUE, "--out", kept),
                run("write", "--lba", BLOCKS - 2, "--in", large),
                run("write", "--lba", Long.MAX_VALUE, "--in", large))) {
            assertThat(run.exit()).as(run.err()).isEqualTo(2);
            assertThat(run.err()).hasLineCount(1).contains("are not all in volume ", "which has 256");
        }
        assertThat(kept).hasContent("kept");
        assertThat(volume.status(p).appliedLsn()).isZero();

        assertThat(run("write", "--lba", BLOCKS - 3, "--in", large).out()).contains("blocks 253 to 255 written");
        assertThat(run("read", "--blocks", BLOCKS, "--out", kept).exit()).isZero();
        assertThat(kept).hasSize((long) BLOCKS * BLOCK);
    }

    private CommandRun run(String command, Object... options) {
        return CommandRun.of(Stream.concat(
                        Stream.of("volume", command, volume.id(), "--data", volume.directory(p)), Stream.of(options))
                .toArray());
    }
}
