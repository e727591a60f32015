package io.keepup.bench.audit;

import io.keepup.bench.VolumeLife;
import io.keepup.bench.fold.Load;
import io.keepup.bench.fold.Rig;
import io.keepup.schemas.topic.Topics;
import io.keepup.streams.KeepupStreams;
import io.keepup.streams.audit.Progress;
import io.keepup.streams.audit.cluster.ClusterLog;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import org.apache.kafka.streams.KafkaStreams;

/**
 * The fold folds the lives of many volumes on an embedded broker; then a process of its own proves all of it, within a heap
 * of {@value #HEAP_MIB} MiB.
 */
public final class AuditBench {

    /** Of the process that verifies. */
    public static final int HEAP_MIB = 256;

    private static final Duration FOLD_LIMIT = Duration.ofMinutes(10);
    private static final long AUDIT_LIMIT_S = 600;
    private static final long PAUSE_MS = 20;

    private AuditBench() {}

    /**
     * What came out.
     *
     * @param events that were replayed
     * @param outputs that follow from them and are there, byte for byte
     * @param differences events with other outputs
     * @param seconds from the start of the process to its end
     * @param cpuSeconds that it took, of all cores together; hardly moved by other processes
     */
    public record Result(
            long events,
            long outputs,
            long differences,
            double seconds,
            double cpuSeconds,
            long eventsPerSecond,
            int heapMiB) {}

    /**
     * Measures, and tells how it goes on {@code progress}.
     *
     * @param directory for broker and state; the caller deletes it
     * @param events about so many: each volume says whole cycles
     * @param settings of the Streams app and its clients
     * @throws IllegalStateException when something does not run as it should
     */
    public static Result run(
            Path directory, long events, int volumes, Map<String, String> settings, PrintStream progress)
            throws InterruptedException {
        try (Rig rig = Rig.start(directory, settings, List.of())) {
            Load load = new Load("vol", volumes, Topics.DEFAULT_PARTITIONS, rig.codec);
            long each = Math.max(1, (events / volumes - VolumeLife.BOOTSTRAP) / VolumeLife.CYCLE);
            long count = load.bootstrap() + each * load.cycle();
            progress.printf(Locale.ROOT, "%,d events of %,d volumes …%n", count, volumes);
            Iterator<Load.Sent> all =
                    LongStream.range(0, count).mapToObj(i -> load.next()).iterator();
            rig.load(Topics.EVENTS, () -> all);
            try (KeepupStreams fold = KeepupStreams.start(rig.streams("keepup"))) {
                progress.println("folded by " + fold.url() + " …");
                awaitRunning(fold); // or it is not known yet as a consumer that has to be waited for
                awaitFold(rig);
            }
            progress.printf(Locale.ROOT, "verified within %d MiB …%n", HEAP_MIB);
            return audit(directory, rig, count);
        }
    }

    private static void awaitRunning(KeepupStreams fold) throws InterruptedException {
        long deadline = System.nanoTime() + FOLD_LIMIT.toNanos();
        while (fold.state() != KafkaStreams.State.RUNNING) {
            if (System.nanoTime() > deadline) {
                throw new IllegalStateException("the fold does not begin: it is " + fold.state());
            }
            Thread.sleep(PAUSE_MS);
        }
    }

    private static void awaitFold(Rig rig) {
        for (int partition = 0; partition < Topics.DEFAULT_PARTITIONS; partition++) {
            try (ClusterLog log = ClusterLog.of(rig.admin, () -> rig.reader(List.of()), partition)) {
                if (log.awaitFold("keepup", FOLD_LIMIT, Progress.NONE) > 0) {
                    throw new IllegalStateException("the fold does not get through partition " + partition);
                }
            }
        }
    }

    private static Result audit(Path directory, Rig rig, long count) throws InterruptedException {
        Path errors = directory.resolve("auditor.log");
        long begin = System.nanoTime();
        try {
            Process process = new ProcessBuilder(
                            Path.of(System.getProperty("java.home"), "bin", "java")
                                    .toString(),
                            "-Xmx" + HEAP_MIB + "m",
                            "-cp",
                            System.getProperty("java.class.path"),
                            Auditor.class.getName(),
                            rig.bootstrapServers(),
                            rig.registryUrl())
                    .redirectError(errors.toFile())
                    .start();
            if (!process.waitFor(AUDIT_LIMIT_S, TimeUnit.SECONDS)) {
                process.destroyForcibly();
                throw new IllegalStateException("not verified within %s s".formatted(AUDIT_LIMIT_S));
            }
            double seconds = (System.nanoTime() - begin) / 1e9;
            String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
            if (process.exitValue() != 0) {
                throw new IllegalStateException("the process that verifies ended with %s: %s"
                        .formatted(process.exitValue(), Files.readString(errors).strip()));
            }
            String[] words = said.split(" ");
            long events = Long.parseLong(words[0]);
            if (events < count) { // more, when the watchdog spoke
                throw new IllegalStateException("%s events were put there, %s verified".formatted(count, events));
            }
            return new Result(
                    events,
                    Long.parseLong(words[1]),
                    Long.parseLong(words[2]),
                    Math.round(seconds * 10) / 10.0,
                    Math.round(Long.parseLong(words[3]) / 1e8) / 10.0,
                    Math.round(events / seconds),
                    HEAP_MIB);
        } catch (IOException e) {
            throw new UncheckedIOException("the process that verifies does not start", e);
        }
    }
}
