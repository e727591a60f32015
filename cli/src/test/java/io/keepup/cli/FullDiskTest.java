package io.keepup.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A command that keeps data, on a disk that takes none. */
@Timeout(120)
class FullDiskTest {

    @TempDir
    private Path directory;

    private Path disk;

    @BeforeEach
    void a_disk_with_no_room() throws Exception {
        disk = Files.createDirectory(directory.resolve("disk"));
        Assumptions.assumeTrue(
                run("mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", disk.toString()),
                "no right to mount a small file system here");
        Files.createDirectory(disk.resolve("up"));
        Files.write(disk.resolve("ballast"), new byte[4 << 20]);
    }

    @AfterEach
    void is_let_go() throws Exception {
        run("umount", disk.toString());
    }

    @Test
    void S_F13_a_cluster_that_starts_on_it_ends_with_the_words_of_that_disk() throws Exception {
        try (KeepupProcess up = KeepupProcess.start(
                directory, "up", "--data", disk.resolve("up"), "--kafka", 0, "--registry", 0, "--http", 0)) {
            assertThat(up.exit()).isEqualTo(1);
            assertThat(up.errors().lines().reduce((first, second) -> second)).hasValue("keepup: " + sentence());
        }
    }

    @Test
    void S_F13_a_part_that_gives_up_on_it_without_a_reason_ends_the_command_with_the_words_of_that_disk() {
        assertThatThrownBy(() -> Running.until(running -> {
                    running.keepsDataIn(disk.resolve("up"));
                    running.fail(
                            new IllegalStateException("the embedded Kafka broker gave up (status 1): see its log"));
                }))
                .hasMessage(sentence());
    }

    private String sentence() {
        return "cannot write to %s: no space left on device; make room there or mend it, then start again"
                .formatted(disk.resolve("up"));
    }

    private static boolean run(String... command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        return process.waitFor(20, TimeUnit.SECONDS) && process.exitValue() == 0;
    }
}
