package io.keepup.volume;

import static io.keepup.volume.Fixtures.SPEC;
import static io.keepup.volume.Fixtures.contents;
import static io.keepup.volume.Fixtures.data;
import static io.keepup.volume.Fixtures.kindOf;
import static io.keepup.volume.Fixtures.primary;
import static org.assertj.core.api.Assertions.assertThat;

import io.keepup.volume.VolumeException.Kind;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

class KilledProcessTest {
    @TempDir
    Path dir;

    @Test
    @Timeout(50)
    void kill_9_amid_writes_loses_nothing_durable_and_the_lock_goes_with_the_process() throws Exception {
        primary(dir).close();
        Model model = new Model(SPEC);
        for (int run = 0; run < 4; run++) {
            long acknowledged = writeAndKill(20 + 17 * run);
            try (Volume volume = Volume.open(dir)) {
                long applied = volume.status().appliedLsn();
                assertThat(volume.status().recoverable()).isTrue();
                assertThat(applied).isGreaterThanOrEqualTo(acknowledged);
                while (model.head() < applied) {
                    long lsn = model.head() + 1;
                    model.write(KilledWriter.lba(lsn), data(lsn, KilledWriter.blocks(lsn)));
                }
                assertThat(contents(volume)).as("run %d, LSN %d", run, applied).isEqualTo(model.at(applied));
            }
        }
    }

    /** Kills the writer after it said that many lines; returns the last LSN it said. */
    private long writeAndKill(int lines) throws IOException, InterruptedException {
        String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        String classPath = System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
        Process process = new ProcessBuilder(
                        java, "-Xmx128m", "-cp", classPath, KilledWriter.class.getName(), dir.toString())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        try (BufferedReader out = process.inputReader(StandardCharsets.UTF_8)) {
            long said = Long.parseLong(out.readLine());
            assertThat(kindOf(() -> Volume.open(dir)))
                    .as("another process has it")
                    .isEqualTo(Kind.LOCKED);
            for (int i = 1; i < lines; i++) {
                said = Long.parseLong(out.readLine());
            }
            return said;
        } finally {
            process.destroyForcibly().waitFor();
        }
    }
}
