package io.keepup.bench.recovery;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.lang.reflect.RecordComponent;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The recovery benchmarks do what they say; the figures of so small a run mean nothing. */
@Timeout(120)
class RecoveryBenchTest {

    private static final long MIB = 1 << 20;

    private final ByteArrayOutputStream told = new ByteArrayOutputStream();
    private final PrintStream out = new PrintStream(told, true, StandardCharsets.UTF_8);

    @AfterEach
    void what_is_told_fits_100_columns() {
        assertThat(told.toString(StandardCharsets.UTF_8).lines()).isNotEmpty().allMatch(line -> line.length() <= 100);
    }

    @Test
    void a_rebuild_brings_the_filled_part_and_the_live_writes_and_ends_equal() {
        var plan = new RebuildBench.Plan(16 * MIB, 0.5, RebuildBench.Data.random, 200, Map.of());
        RebuildBench.Result result = RebuildBench.run(plan, MIB, out);
        assertThat(result.equal()).isTrue();
        assertThat(result.bytes()).isBetween(8 * MIB, 16 * MIB + 201 * BenchCluster.BLOCK);
        assertThat(result.zeroBytes()).isBetween(1L, 8 * MIB);
        assertThat(result.rebuildSeconds()).isPositive();
        assertThat(result.ratio()).isPositive();
        assertThat(result.peakHeapMiB()).isPositive();
        assertThat(names(result)).contains("rebuildSeconds", "equal", "bytes", "kafkaSeconds", "ratio", "peakHeapMiB");
    }

    @Test
    void written_zeros_are_no_bytes_to_bring() {
        var plan = new RebuildBench.Plan(4 * MIB, 1, RebuildBench.Data.zeros, 0, Map.of());
        RebuildBench.Result result = RebuildBench.run(plan, MIB, out);
        assertThat(result.equal()).isTrue();
        assertThat(result.bytes()).isZero();
        assertThat(result.zeroBytes()).isEqualTo(4 * MIB);
    }

    @Test
    void a_catch_up_brings_all_that_was_written_and_ends_equal() {
        CatchUpBench.Result result = CatchUpBench.run(new CatchUpBench.Plan(4 * MIB, 4096, Map.of()), MIB, out);
        assertThat(result.equal()).isTrue();
        assertThat(result.bytes()).isEqualTo(4 * MIB);
        assertThat(result.catchUpSeconds()).isPositive();
        assertThat(result.tunedRatio()).isPositive();
        assertThat(result.ratio()).isPositive();
        assertThat(names(result)).contains("catchUpSeconds", "equal", "bytes", "kafkaSeconds", "ratio", "peakHeapMiB");
    }

    /** They are the keys of the command's JSON. */
    private static List<String> names(Record result) {
        return Stream.of(result.getClass().getRecordComponents())
                .map(RecordComponent::getName)
                .toList();
    }
}
