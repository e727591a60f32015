package io.keepup.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.keepup.volume.Volume;
import io.keepup.volume.VolumeRole;
import io.keepup.volume.VolumeSpec;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ScrubTest {
    private static final int BLOCK = 4096;

    @TempDir
    private Path node;

    @BeforeEach
    void twoVolumes() {
        for (String id : new String[] {"vol-1", "vol-2"}) {
            try (Volume volume = Volume.create(volume(id), new VolumeSpec(id, 256L * BLOCK, BLOCK))) {
                volume.assume(1, VolumeRole.PRIMARY);
                volume.write(3, ByteBuffer.wrap(new byte[BLOCK * 5]));
                volume.flush();
            }
        }
    }

    private Path volume(String id) {
        return node.resolve("volumes").resolve(id);
    }

    private static CommandRun scrub(Path directory) {
        return CommandRun.of("volume", "scrub", directory.toString());
    }

    private static void flip(Path file, long at) throws IOException {
        try (RandomAccessFile bytes = new RandomAccessFile(file.toFile(), "rw")) {
            bytes.seek(at);
            int value = bytes.read();
            bytes.seek(at);
            bytes.write(value ^ 1);
        }
    }

    @Test
    void sound_copies_exit_with_0() {
        CommandRun run = scrub(node);

        assertThat(run.err()).isEmpty();
        assertThat(run.exit()).isZero();
        assertThat(run.out())
                .contains("vol-1: 256 blocks read, all as written; the WAL is whole")
                .contains("vol-2: 256 blocks read, all as written; the WAL is whole");
    }

    @Test
    void a_flipped_bit_is_named_and_exits_with_1_every_time() throws IOException {
        flip(volume("vol-2").resolve("extent"), 7L * BLOCK + 1000);
        for (int times = 0; times < 2; times++) {
            CommandRun run = scrub(node);

            assertThat(run.exit()).isEqualTo(1);
            assertThat(run.out())
                    .contains("vol-1: 256 blocks read, all as written")
                    .contains("vol-2: 256 blocks read, 1 damaged: 7; the WAL is whole");
            assertThat(run.err().strip()).hasLineCount(1).startsWith("keepup: damaged: vol-2;");
        }
    }

    @Test
    void one_volumes_directory_as_json() throws IOException {
        flip(volume("vol-1").resolve("checksums"), 4 * 200 + 2);

        CommandRun run = CommandRun.of("volume", "scrub", volume("vol-1").toString(), "--json");

        assertThat(run.exit()).isEqualTo(1);
        JsonNode json = new ObjectMapper().readTree(run.out());
        assertThat(json.path("volumeId").asText()).isEqualTo("vol-1");
        assertThat(json.path("blocks").asLong()).isEqualTo(256);
        assertThat(json.path("corruptBlocks").asLong()).isEqualTo(1);
        assertThat(json.path("firstCorrupt").get(0).asLong()).isEqualTo(200);
        assertThat(json.path("walCorrupt").asBoolean(true)).isFalse();
        assertThat(json.path("clean").asBoolean(true)).isFalse();
    }

    @Test
    void a_copy_that_is_open_elsewhere_and_a_directory_without_one_are_refused_in_one_line() {
        try (Volume open = Volume.open(volume("vol-1"))) {
            CommandRun run = scrub(volume("vol-1"));
            assertThat(run.exit()).isEqualTo(1);
            assertThat(run.err().strip()).hasLineCount(1).contains("in use").contains("stop it");
            assertThat(open.status().recoverable()).isTrue();
        }
        CommandRun run = scrub(node.resolve("nothing"));
        assertThat(run.exit()).isEqualTo(1);
        assertThat(run.err().strip()).hasLineCount(1).contains("There is no volume in " + node.resolve("nothing"));
    }
}
