package io.keepup.bench.write;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.keepup.bench.write.WriteBench.Case;
import io.keepup.bench.write.WriteBench.Measured;
import io.keepup.bench.write.WriteBench.Result;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WriteBenchTest {
    @TempDir
    Path dir;

    @Test
    void everyCaseIsMeasuredOnBothSidesWithTheSameBytesPerFsyncAndNothingIsLeft() throws IOException {
        ByteArrayOutputStream progress = new ByteArrayOutputStream();
        List<Case> cases = List.of(new Case(4096, 4096, 1, 1 << 20), new Case(4096, 65536, 4, 4 << 20));

        Result result = WriteBench.run(dir, new PrintStream(progress, true, StandardCharsets.UTF_8), 1, cases);

        assertThat(result.cases()).extracting(Measured::written).containsExactlyElementsOf(cases);
        assertThat(result.cases()).allSatisfy(m -> {
            assertThat(m.volumeSeconds()).isPositive();
            assertThat(m.fileChannelSeconds()).isPositive();
            assertThat(m.ratio()).isPositive();
        });
        assertThat(result.cases().get(0).bytesPerFsync()).isEqualTo(4096);
        assertThat(result.cases().get(1).bytesPerFsync()).isBetween(65536L, 4L * 65536);
        assertThat(result.bytes()).isEqualTo(5 << 20);
        assertThat(result.peakHeapMiB()).isPositive();
        assertThat(progress.toString(StandardCharsets.UTF_8)).contains("4 threads: ratio");
        try (Stream<Path> left = Files.list(dir)) {
            assertThat(left).isEmpty();
        }
    }

    @Test
    void aDirectoryThatCannotBeWrittenIsNamed() throws IOException {
        Path file = Files.createFile(dir.resolve("file"));

        assertThatThrownBy(() -> WriteBench.run(file, System.err))
                .isInstanceOf(UncheckedIOException.class)
                .hasMessageContaining(file.toString());
    }

    /** They are the keys of the command's JSON. */
    @Test
    void theFiguresHaveTheseNames() {
        assertThat(Stream.of(Result.class.getRecordComponents()).map(c -> c.getName()))
                .containsExactly("ratio", "volumeSeconds", "fileChannelSeconds", "bytes", "peakHeapMiB", "cases");
    }
}
