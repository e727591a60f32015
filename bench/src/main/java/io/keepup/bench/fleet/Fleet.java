package io.keepup.bench.fleet;

import io.keepup.bench.fold.Rig;
import io.keepup.schemas.topic.Topics;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.ConsumerGroupDescription;
import org.apache.kafka.clients.admin.MemberDescription;
import org.apache.kafka.common.GroupState;
import org.apache.kafka.common.errors.GroupIdNotFoundException;

/** Instances of the Streams app, each a process with a name. */
final class Fleet implements AutoCloseable {

    static final String APPLICATION = "keepup";

    /** For whatever must come about in the end, however loaded the machine is. */
    static final Duration LIMIT = Duration.ofSeconds(120);

    private static final long PAUSE_NANOS = 2_000_000;
    private static final int TOLD_LINES = 15;

    private final Rig rig;
    private final Path directory;
    private final Map<String, String> settings;
    private final Map<String, Process> processes = new TreeMap<>();

    /**
     * @param directory for state and logs
     * @param settings of each instance, beyond what it takes to reach the broker
     */
    Fleet(Rig rig, Path directory, Map<String, String> settings) {
        this.rig = rig;
        this.directory = directory;
        this.settings = Map.copyOf(settings);
    }

    /** Starts an instance; the same name again goes on with its directory. */
    void start(String name, Map<String, String> more) {
        try {
            Files.createDirectories(directory);
            Properties all = new Properties();
            all.putAll(rig.streams(APPLICATION).asGiven());
            all.putAll(settings);
            all.putAll(more);
            all.put("client.id", name);
            all.put("state.dir", directory.resolve(name).toString());
            Path file = directory.resolve(name + ".properties");
            try (Writer writer = Files.newBufferedWriter(file)) {
                all.store(writer, null);
            }
            List<String> command = new ArrayList<>(List.of(
                    Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                    "-XX:TieredStopAtLevel=1",
                    "-XX:+UseSerialGC",
                    "-Xmx384m",
                    "-cp",
                    System.getProperty("java.class.path"),
                    Instance.class.getName(),
                    file.toString()));
            processes.put(
                    name,
                    new ProcessBuilder(command)
                            .redirectErrorStream(true)
                            .redirectOutput(log(name).toFile())
                            .start());
        } catch (IOException e) {
            throw new UncheckedIOException("instance %s does not start".formatted(name), e);
        }
    }

    private Path log(String name) {
        return directory.resolve(name + ".log");
    }

    /** kill -9. */
    void kill(String name) {
        Process process = processes.remove(name);
        process.destroyForcibly();
        awaitEnd(name, process);
    }

    /** SIGTERM, and its end awaited. */
    void stop(String name) {
        Process process = processes.remove(name);
        process.destroy();
        awaitEnd(name, process);
    }

    /** Waits for the death of an instance that halts by itself. */
    void awaitDeath(String name) {
        awaitEnd(name, processes.remove(name));
    }

    private void awaitEnd(String name, Process process) {
        try {
            if (!process.waitFor(LIMIT.toSeconds(), TimeUnit.SECONDS)) {
                throw new IllegalStateException("instance %s does not end: %s".formatted(name, lastWords(name)));
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", e);
        }
    }

    /** Waits until the group has settled and each running instance is in it, and none beside. */
    void awaitSettled() {
        await("the group does not settle on " + processes.keySet(), () -> {
            Optional<ConsumerGroupDescription> known = group();
            if (known.isEmpty() || known.get().groupState() != GroupState.STABLE) {
                return false;
            }
            ConsumerGroupDescription group = known.get();
            return group.members().stream().map(this::name).sorted().toList().equals(List.copyOf(processes.keySet()))
                    && partitions(group).size() == Topics.DEFAULT_PARTITIONS;
        });
    }

    /** The instances that fold partitions of the events topic, by partition. */
    Map<Integer, String> partitions() {
        return group().map(this::partitions).orElse(Map.of());
    }

    private Map<Integer, String> partitions(ConsumerGroupDescription group) {
        Map<Integer, String> holders = new HashMap<>();
        for (MemberDescription member : group.members()) {
            member.assignment().topicPartitions().stream()
                    .filter(p -> p.topic().equals(Topics.EVENTS))
                    .forEach(p -> holders.put(p.partition(), name(member)));
        }
        return holders;
    }

    /** The one that folds the most partitions. */
    String busiest() {
        Map<String, Long> counts =
                partitions().values().stream().collect(Collectors.groupingBy(n -> n, Collectors.counting()));
        return counts.entrySet().stream()
                .max(Map.Entry.<String, Long>comparingByValue().thenComparing(Map.Entry.comparingByKey()))
                .orElseThrow()
                .getKey();
    }

    private String name(MemberDescription member) {
        return member.clientId().replaceFirst("-StreamThread-.*", "");
    }

    /** Empty while nobody has joined it. */
    private Optional<ConsumerGroupDescription> group() {
        try {
            return Optional.of(rig.admin
                    .describeConsumerGroups(List.of(APPLICATION))
                    .all()
                    .get()
                    .get(APPLICATION));
        } catch (ExecutionException e) {
            if (e.getCause() instanceof GroupIdNotFoundException) {
                return Optional.empty();
            }
            throw new IllegalStateException("the broker does not describe the group", e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", e);
        }
    }

    /** Waits for a condition; fails at once when an instance has died that nobody killed. */
    void await(String otherwise, BooleanSupplier condition) {
        long deadline = System.nanoTime() + LIMIT.toNanos();
        while (!condition.getAsBoolean()) {
            processes.forEach((name, process) -> {
                if (!process.isAlive()) {
                    throw new IllegalStateException(
                            "instance %s ended with %s: %s".formatted(name, process.exitValue(), lastWords(name)));
                }
            });
            if (System.nanoTime() > deadline) {
                throw new IllegalStateException("%s within %s s".formatted(otherwise, LIMIT.toSeconds()));
            }
            LockSupport.parkNanos(PAUSE_NANOS);
        }
    }

    private String lastWords(String name) {
        try {
            String[] lines = Files.readString(log(name)).split("\n");
            return String.join(
                    "\n", Arrays.asList(lines).subList(Math.max(0, lines.length - TOLD_LINES), lines.length));
        } catch (IOException e) {
            return "it has no log (%s)".formatted(e.getMessage());
        }
    }

    @Override
    public void close() {
        processes.values().forEach(Process::destroyForcibly);
        processes.forEach(this::awaitEnd);
    }
}
