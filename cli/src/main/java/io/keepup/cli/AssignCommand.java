package io.keepup.cli;

import io.keepup.engine.state.VolumeState;
import io.keepup.schemas.topic.Names;
import io.keepup.v1.VolumeProjection;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.RecordMetadata;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code keepup assign}: the master's word on who holds a volume, one event for each node, and what the fold makes of it. */
@Command(
        name = "assign",
        description = "Say who holds a volume: its primary and replicas, from an epoch on.",
        mixinStandardHelpOptions = true)
final class AssignCommand implements Runnable {

    @Spec
    private CommandSpec spec;

    @Mixin
    private ClusterOptions cluster;

    @Parameters(paramLabel = "VOLUME", description = "Volume id.")
    private String volumeId;

    @Option(
            names = "--epoch",
            required = true,
            description = "Number of this assignment; higher than any before it for the same volume.")
    private long epoch;

    @Option(names = "--primary", required = true, paramLabel = "NODE", description = "Node that takes writes.")
    private String primary;

    @Option(names = "--replica", paramLabel = "NODE", description = "Node that follows; may be given several times.")
    private List<String> replicas = new ArrayList<>();

    @Option(names = "--none", paramLabel = "NODE", description = "Node that leaves the volume; several times.")
    private List<String> leaving = new ArrayList<>();

    @Option(
            names = "--size",
            paramLabel = "SIZE",
            converter = Sizes.class,
            description =
                    "Size of a new volume, such as 64MiB (default: what it has, or 1GiB). It may change until the primary has made its copy.")
    private Long size;

    @Option(
            names = "--block-size",
            paramLabel = "SIZE",
            converter = Sizes.class,
            description = "Block size of a new volume (default: what it has, or 4096).")
    private Long blockSize;

    @Override
    public void run() {
        validate();
        cluster.requireBroker();
        Assignments assignments = new Assignments(
                volumeId,
                epoch,
                primary,
                replicas,
                leaving,
                size == null ? 0 : size,
                blockSize == null ? 0 : Math.toIntExact(blockSize),
                EventLog.operator());
        try (Verdict verdict = new Verdict(cluster, volumeId)) {
            VolumeProjection before = Projections.of(cluster, volumeId);
            requireLawful(before);
            try (Producer<byte[], byte[]> producer = cluster.producer()) {
                List<RecordMetadata> published = assignments.publish(producer, cluster.codec());
                print(assignments, verdict.of(assignments, published, before));
            }
        }
    }

    /** What is sure to be refused is not even said. */
    private void requireLawful(VolumeProjection now) {
        if (now != null && epoch < now.getMeta().getEpoch()) {
            throw new Failure("epoch %s is below %s's epoch %s and would be refused: use a higher one"
                    .formatted(epoch, volumeId, now.getMeta().getEpoch()));
        }
        if (now != null && size != null && settled(now) && size != now.getSizeBytes()) {
            throw new Failure("%s has %s bytes and a volume does not change its size: leave --size out"
                    .formatted(volumeId, now.getSizeBytes()));
        }
    }

    /** Its primary has a copy of that size; where this cannot be seen, the fold decides [P10]. */
    private static boolean settled(VolumeProjection now) {
        return now.getNodes().stream()
                .anyMatch(node -> node.getNodeId().equals(now.getPrimaryId())
                        && node.getReadiness().getRoleApplied());
    }

    private void print(Assignments assignments, VolumeProjection now) {
        assignments
                .events()
                .forEach(e -> System.out.printf(
                        Locale.ROOT,
                        "%s is %s of %s from epoch %d%n",
                        e.getMeta().getNodeId(),
                        e.getRole(),
                        volumeId,
                        epoch));
        System.out.println(StatusCommand.headline(now));
        if (!now.getDetail().isEmpty()) {
            System.out.println("  " + now.getDetail());
        }
    }

    private void validate() {
        try {
            Names.require("volume", volumeId);
            Names.require("node", primary);
            replicas.forEach(r -> Names.require("node", r));
            leaving.forEach(r -> Names.require("node", r));
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), e.getMessage(), e);
        }
        Set<String> nodes = new HashSet<>(List.of(primary));
        for (String node : replicas) {
            require(nodes.add(node), "node %s is named twice: a node has one role in a volume".formatted(node));
        }
        for (String node : leaving) {
            require(nodes.add(node), "node %s is named twice: a node has one role in a volume".formatted(node));
        }
        require(epoch > 0, "--epoch must be 1 or more, not " + epoch);
        long block = blockSize == null ? 4096 : blockSize;
        require(
                block >= 512 && block <= 1 << 20 && Long.bitCount(block) == 1,
                "--block-size must be a power of two from 512 B to 1 MiB, not " + block);
        require(
                size == null || size > 0 && size % block == 0,
                "--size %s is not a positive multiple of the block size %s".formatted(size, block));
        require(
                size == null || size / block <= VolumeState.MOST_BLOCKS,
                "--size %s is more than a volume can have, %s with blocks of %s: choose a smaller one, or a larger --block-size"
                        .formatted(
                                size == null ? "" : Sizes.text(size),
                                Sizes.text(VolumeState.MOST_BLOCKS * block),
                                Sizes.text(block)));
    }

    private void require(boolean holds, String otherwise) {
        if (!holds) {
            throw new ParameterException(spec.commandLine(), otherwise);
        }
    }
}
