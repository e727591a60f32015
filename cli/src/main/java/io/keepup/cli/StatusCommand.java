package io.keepup.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import io.keepup.schemas.codec.RecordJson;
import io.keepup.schemas.topic.Names;
import io.keepup.v1.NodeView;
import io.keepup.v1.ReplicaView;
import io.keepup.v1.SessionPace;
import io.keepup.v1.SessionState;
import io.keepup.v1.SessionView;
import io.keepup.v1.SyncAck;
import io.keepup.v1.VolumeProjection;
import java.util.List;
import java.util.SortedMap;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code keepup status [VOLUME]}: the projections as they stand. */
@Command(
        name = "status",
        description = "Show all volumes, or one with its replicas and sessions.",
        mixinStandardHelpOptions = true)
final class StatusCommand implements Runnable {

    private static final String REPLICA_ROW = "  %-8s %-12s %8s %8s %7s %-8s %-7s %8s %8s %5s %s%n";
    private static final String NODE_ROW = "  %-10s %-9s %5s  %-18s %s%n";

    @Spec
    private CommandSpec spec;

    @Mixin
    private ClusterOptions cluster;

    @Parameters(arity = "0..1", paramLabel = "VOLUME", description = "Volume id (default: all volumes).")
    private String volumeId;

    @Option(names = "--json", description = "Print JSON.")
    private boolean json;

    @Override
    public void run() {
        if (volumeId != null && !Names.valid(volumeId)) {
            throw new ParameterException(
                    spec.commandLine(), "'%s' is not a volume id: use %s".formatted(volumeId, Names.RULE_IN_WORDS));
        }
        cluster.requireBroker();
        if (volumeId != null) {
            VolumeProjection projection = Projections.of(cluster, volumeId);
            if (projection == null) {
                throw new Failure(
                        "no volume %s: 'keepup status' lists them, 'keepup assign' makes one".formatted(volumeId));
            }
            System.out.println(json ? RecordJson.of(projection).toPrettyString() : details(projection));
            return;
        }
        SortedMap<String, VolumeProjection> projections = Projections.all(cluster);
        if (json) {
            ArrayNode all = new ObjectMapper().createArrayNode();
            projections.values().forEach(p -> all.add(RecordJson.of(p)));
            System.out.println(all.toPrettyString());
        } else if (projections.isEmpty()) {
            System.out.println("no volumes yet: 'keepup assign VOLUME --epoch 1 --primary NODE …' makes one");
        } else {
            System.out.println(summaryRow("VOLUME", "MODE", "REASON", "EPOCH", "PRIMARY", "DURABLE", "HEAD", "TAIL"));
            projections.values().forEach(p -> System.out.println(summary(p)));
        }
    }

    private static String summary(VolumeProjection p) {
        return summaryRow(
                p.getMeta().getVolumeId(),
                p.getMode(),
                p.getReason(),
                p.getMeta().getEpoch(),
                p.getPrimaryId(),
                p.getDurableLsn(),
                p.getWalHead(),
                p.getWalTail());
    }

    private static String summaryRow(Object... cells) {
        return Terminal.standard()
                .fit("%-16s %-17s %-26s %5s %-8s %7s %7s %7s".formatted(cells).stripTrailing());
    }

    /** The primary's WAL as the lane holds it; a tail above the head is how an empty one is told. */
    private static String wal(long tail, long head) {
        return tail > head || head == 0 ? "WAL empty at LSN " + head : "WAL %s to %s".formatted(tail, head);
    }

    /** How a live session goes, in words; empty for others. */
    static String pace(SessionView s) {
        SessionPace pace = s.getPace();
        boolean live = s.getState() == SessionState.issued || s.getState() == SessionState.running;
        if (!live || pace == null) {
            return "";
        }
        if (pace.getWaitingFor() != null) {
            return "waits for " + pace.getWaitingFor();
        }
        StringBuilder words = new StringBuilder();
        if (pace.getBaseBytes() > 0) {
            words.append("base ").append(Sizes.text(pace.getBaseBytes())).append(", ");
        }
        words.append("WAL ").append(Sizes.text(pace.getWalBytes())).append(" received");
        if (pace.getBytesPerSecond() > 0) {
            words.append(", ").append(Sizes.text(pace.getBytesPerSecond())).append("/s");
        }
        if (pace.getSecondsLeft() != null) {
            words.append(", %s s left".formatted(pace.getSecondsLeft()));
        }
        return words.toString();
    }

    /** How often sessions of a replica failed one after the other, and what follows [P11]; empty when none did. */
    static String failures(ReplicaView replica) {
        int failures = replica.getFailuresInARow();
        if (failures == 0) {
            return "";
        }
        String times = failures == 1 ? "failed once" : "failed %s times in a row".formatted(failures);
        boolean held = replica.getSession().getState() == SessionState.failed && replica.getPauseMs() > 0;
        return held ? "%s, next try %s s after the last failure".formatted(times, replica.getPauseMs() / 1_000) : times;
    }

    /** {@code vol-1: degraded (primary_silent)}. */
    static String headline(VolumeProjection p) {
        return "%s: %s%s"
                .formatted(
                        p.getMeta().getVolumeId(),
                        p.getMode(),
                        p.getReason().isEmpty() ? "" : " (" + p.getReason() + ")");
    }

    /** One volume with its replicas and nodes, on several lines. */
    static String details(VolumeProjection p) {
        StringBuilder out = new StringBuilder();
        out.append(headline(p)).append(System.lineSeparator());
        if (!p.getDetail().isEmpty()) {
            out.append("  ").append(p.getDetail()).append(System.lineSeparator());
        }
        out.append("  epoch %s, primary %s, %s, %s, durable %s%n%n"
                .formatted(
                        p.getMeta().getEpoch(),
                        p.getPrimaryId(),
                        Sizes.text(p.getSizeBytes()),
                        wal(p.getWalTail(), p.getWalHead()),
                        p.getDurableLsn()));
        out.append(REPLICA_ROW.formatted(
                "REPLICA",
                "LAST SYNC",
                "APPLIED",
                "DURABLE",
                "SESSION",
                "KIND",
                "STATE",
                "TARGET",
                "PROGRESS",
                "BASE",
                "REASON"));
        for (ReplicaView r : p.getReplicas()) {
            SyncAck ack = r.getLastSyncAck();
            SessionView s = r.getSession();
            out.append(REPLICA_ROW.formatted(
                    r.getReplicaId(),
                    ack == null ? "not heard" : ack.getAckKind(),
                    ack == null ? "-" : ack.getAppliedLsn(),
                    ack == null ? "-" : ack.getDurableLsn(),
                    s.getSessionId() == 0 ? "-" : s.getSessionId(),
                    s.getKind(),
                    s.getState(),
                    s.getTargetLsn() == 0 ? "-" : s.getTargetLsn(),
                    s.getProgress() == 0 ? "-" : s.getProgress(),
                    s.getBaseBlocksTotal() == 0 ? "-" : 100 * s.getBaseBlocksDone() / s.getBaseBlocksTotal() + " %",
                    s.getReason()));
            for (String line : List.of(pace(s), failures(r))) {
                if (!line.isEmpty()) {
                    out.append("           ").append(line).append(System.lineSeparator());
                }
            }
        }
        out.append(System.lineSeparator()).append(NODE_ROW.formatted("NODE", "ROLE", "EPOCH", "MODE", "REASON"));
        for (NodeView n : p.getNodes()) {
            out.append(NODE_ROW.formatted(n.getNodeId(), n.getRole(), n.getEpoch(), n.getMode(), n.getReason()));
            if (!n.getFaultDetail().isEmpty()) {
                out.append("             ").append(n.getFaultDetail()).append(System.lineSeparator());
            }
            if (n.getSizeBytes() != 0 && n.getSizeBytes() != p.getSizeBytes()) {
                out.append("             its copy has %s%n".formatted(Sizes.text(n.getSizeBytes())));
            }
        }
        Terminal terminal = Terminal.standard();
        return out.toString()
                .lines()
                .map(line -> terminal.fit(line.stripTrailing()))
                .reduce((a, b) -> a + System.lineSeparator() + b)
                .orElse("");
    }
}
