package io.keepup.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.keepup.schemas.codec.RecordJson;
import io.keepup.schemas.topic.Names;
import io.keepup.schemas.topic.Topics;
import io.keepup.v1.SessionOutcome;
import io.keepup.v1.SessionRecord;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code keepup sessions}: the ledger of sessions. */
@Command(
        name = "sessions",
        description = "List the recovery sessions there ever were: why, how much, how long, how they ended.",
        mixinStandardHelpOptions = true)
final class SessionsCommand implements Runnable {

    private static final String ROW = "%-11s %-8s %-7s %-16s %-14s %7s %9s %9s %s";
    private static final DateTimeFormatter TIME =
            DateTimeFormatter.ofPattern("MM-dd HH:mm:ss", Locale.ROOT).withZone(ZoneOffset.UTC);

    @Spec
    private CommandSpec spec;

    @Mixin
    private ClusterOptions cluster;

    @Option(names = "--volume", paramLabel = "VOLUME", description = "Sessions of this volume only.")
    private String volumeId;

    @Option(
            names = "--since",
            paramLabel = "TIME",
            converter = Since.class,
            description =
                    "Sessions that are live or ended since: 30m, 2h, 7d ago, or a time like 2026-03-01T14:00:00 (UTC).")
    private Instant since;

    @Option(names = "--json", description = "Print JSON.")
    private boolean json;

    @Override
    public void run() {
        if (volumeId != null && !Names.valid(volumeId)) {
            throw new ParameterException(
                    spec.commandLine(), "'%s' is not a volume id: use %s".formatted(volumeId, Names.RULE_IN_WORDS));
        }
        cluster.requireBroker();
        List<SessionRecord> sessions = read();
        if (json) {
            ArrayNode all = JsonNodeFactory.instance.arrayNode();
            sessions.forEach(s -> all.add(RecordJson.of(s)));
            System.out.println(all.toPrettyString());
        } else if (sessions.isEmpty()) {
            System.out.println("no sessions: replicas that keep up need none");
        } else {
            print("SESSION", "REPLICA", "KIND", "CAUSE", "BEGIN", "SECONDS", "RECEIVED", "SKIPPED", "OUTCOME");
            sessions.forEach(SessionsCommand::print);
        }
    }

    /** By the time they began. */
    private List<SessionRecord> read() {
        Map<String, SessionRecord> ledger = new HashMap<>();
        try (TopicReader reader = new TopicReader(cluster.bulkConsumer());
                ForeignRecords foreign = new ForeignRecords(cluster.codec(), System.err)) {
            reader.readToEnd(reader.partitions(Topics.SESSIONS), record -> {
                String key = record.key() == null ? "" : new String(record.key(), StandardCharsets.UTF_8);
                if (volumeId != null && !key.startsWith(volumeId + "/")) {
                    return;
                }
                if (record.value() == null) {
                    ledger.remove(key);
                } else {
                    foreign.decode(record, SessionRecord.class).ifPresent(session -> ledger.put(key, session));
                }
            });
        }
        return ledger.values().stream()
                .filter(s -> since == null || s.getEnd() == null || !s.getEnd().isBefore(since))
                .sorted(Comparator.comparing(SessionsCommand::begin)
                        .thenComparing(s -> s.getMeta().getVolumeId())
                        .thenComparing(SessionRecord::getSessionId))
                .toList();
    }

    /** When it was issued, or what is known of that. */
    private static Instant begin(SessionRecord s) {
        return s.getBegin() == null ? s.getMeta().getOccurredAt() : s.getBegin();
    }

    private static void print(SessionRecord s) {
        long told = s.getBaseBytes() + s.getWalBytes();
        long received = s.getOutcome() == SessionOutcome.completed ? told : Math.max(told, s.getBytes());
        boolean blocksAlone = s.getSkippedBytes() == 0 && s.getSkippedBlocks() > 0; // by engine version 1
        print(
                s.getMeta().getVolumeId() + "/" + s.getSessionId(),
                s.getReplicaId(),
                s.getKind(),
                s.getCause() == null ? "-" : s.getCause(),
                s.getBegin() == null ? "-" : TIME.format(s.getBegin()),
                s.getDurationMs() == null ? "-" : String.format(Locale.ROOT, "%.1f", s.getDurationMs() / 1000.0),
                Sizes.text(received),
                blocksAlone ? "-" : Sizes.text(s.getSkippedBytes()),
                s.getReason() == null ? s.getOutcome() : s.getReason());
    }

    private static void print(Object... cells) {
        System.out.println(Terminal.standard().fit(ROW.formatted(cells).stripTrailing()));
    }
}
