package io.keepup.cli;

import io.keepup.cli.audit.Explanation;
import io.keepup.cli.audit.Paper;
import io.keepup.cli.audit.ProgressLine;
import io.keepup.cli.audit.Proof;
import io.keepup.cli.audit.Timeline;
import io.keepup.engine.Policy;
import io.keepup.schemas.codec.ConfluentAvroCodec;
import io.keepup.schemas.codec.RecordCodec;
import io.keepup.schemas.registry.HttpSchemaRegistry;
import io.keepup.schemas.topic.Names;
import io.keepup.streams.StreamsSettings;
import io.keepup.streams.audit.AuditLog;
import io.keepup.streams.audit.Progress;
import io.keepup.streams.audit.Replay;
import io.keepup.streams.audit.cluster.ClusterLog;
import io.keepup.streams.audit.file.AuditExport;
import io.keepup.streams.audit.file.AuditFile;
import io.keepup.streams.audit.verify.Verification;
import io.keepup.streams.audit.verify.Verifier;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Predicate;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code keepup audit VOLUME}: the events of a volume folded once more, to tell, to explain, or to prove. */
@Command(
        name = "audit",
        description = "Replay the events of a volume: tell what came of each, explain, or prove what is on the topics.",
        mixinStandardHelpOptions = true)
final class AuditCommand implements Runnable {

    private static final Duration PATIENCE = Duration.ofSeconds(30);

    @Spec
    private CommandSpec spec;

    @Mixin
    private ClusterOptions cluster;

    @Parameters(arity = "0..1", paramLabel = "VOLUME", description = "Volume id; not with --all, and in a --from file.")
    private String volumeId;

    @Option(
            names = "--until",
            paramLabel = "MOMENT",
            converter = Until.Form.class,
            description =
                    "Show the volume as it stood then: after the event at OFFSET or PARTITION:OFFSET, or at a time"
                            + " like 2026-03-01T14:03:11 (UTC). With other options: look no further.")
    private Until until;

    @Option(
            names = "--explain",
            paramLabel = "SESSION",
            description = "Tell what led to a session, what happened, how it ended.")
    private Long session;

    @Option(
            names = "--verify",
            description =
                    "Recompute every command, projection, session and refusal, and compare with the topics, byte for byte;"
                            + " exit code 1 when anything differs.")
    private boolean verify;

    @Option(names = "--all", description = "With --verify: all volumes.")
    private boolean all;

    @Option(
            names = "--export",
            paramLabel = "FILE",
            description = "Write events and outputs of the volume to a file that --from replays anywhere.")
    private Path export;

    @Option(names = "--from", paramLabel = "FILE", description = "Replay an exported file; needs no cluster.")
    private Path from;

    @Option(
            names = "--policy",
            paramLabel = "POLICY",
            description = "Decide by: safe or reference (default: as in --config or in the file, else safe).")
    private String policyName;

    @Option(names = "--json", description = "Print JSON; a timeline as one object a line.")
    private boolean json;

    private final Terminal terminal = Terminal.standard();
    private final ProgressLine progress = new ProgressLine(terminal, System.err, System::nanoTime);

    @Override
    public void run() {
        validate();
        if (from != null) {
            fromFile();
            return;
        }
        try (Admin admin = cluster.admin();
                HttpSchemaRegistry registry = cluster.registryClient()) {
            fromCluster(admin, registry);
        }
    }

    private void validate() {
        int modes = (session != null ? 1 : 0) + (verify ? 1 : 0) + (export != null ? 1 : 0);
        require(modes <= 1, "--explain, --verify and --export are different things: choose one");
        require(!all || verify, "--all goes with --verify only");
        require(!all || volumeId == null, "give a volume or --all, not both");
        require(!all || from == null, "a --from file holds one volume: leave --all out");
        require(!all || until == null, "--until is a moment of one volume: leave --all out");
        require(export == null || from == null, "--export writes from a cluster: copy the --from file instead");
        require(volumeId != null || all || from != null, "say which volume");
        require(
                volumeId == null || Names.valid(volumeId),
                "'%s' is not a volume id: use %s".formatted(volumeId, Names.RULE_IN_WORDS));
        require(
                policyName == null || policyName.equals("safe") || policyName.equals("reference"),
                "--policy is safe or reference, not " + policyName);
    }

    private void require(boolean holds, String otherwise) {
        if (!holds) {
            throw new ParameterException(spec.commandLine(), otherwise);
        }
    }

    // --------------------------------------------------------- where from

    private void fromFile() {
        try (AuditFile file = AuditFile.open(from)) {
            if (volumeId != null && !volumeId.equals(file.volumeId())) {
                throw new Failure("%s holds volume %s, not %s".formatted(from, file.volumeId(), volumeId));
            }
            volumeId = file.volumeId();
            checkPartition(file);
            Policy policy = policy(file.policy());
            if (verify) {
                file.endAt(end(file));
                prove(List.of(verified(file, file.codec(), policy)), List.of());
            } else {
                show(file, file.codec(), policy);
            }
        }
    }

    private void fromCluster(Admin admin, HttpSchemaRegistry registry) {
        RecordCodec codec = new ConfluentAvroCodec(registry);
        Policy policy = policy(cluster.kafka().getProperty(StreamsSettings.POLICY, "safe"));
        if (all) {
            List<Verification> parts = new ArrayList<>();
            List<String> notes = new ArrayList<>();
            for (int partition = 0; partition < ClusterLog.partitions(admin); partition++) {
                try (ClusterLog log = ClusterLog.of(admin, cluster::bulkConsumer, partition)) {
                    await(log, notes);
                    parts.add(verified(log, codec, policy));
                }
            }
            prove(parts, notes);
            return;
        }
        try (ClusterLog log = ClusterLog.of(admin, cluster::bulkConsumer, volumeId)) {
            checkPartition(log);
            if (export != null) {
                List<String> notes = new ArrayList<>();
                await(log, notes);
                log.endAt(end(log));
                long records = AuditExport.write(export, log, registry, policy, Instant.now(), progress);
                progress.end();
                notes.forEach(System.err::println);
                System.out.printf(
                        Locale.ROOT,
                        "%s: %,d records of %s; 'keepup audit --from' replays it%n",
                        export,
                        records,
                        volumeId);
            } else if (verify) {
                List<String> notes = new ArrayList<>();
                await(log, notes);
                log.endAt(end(log));
                prove(List.of(verified(log, codec, policy)), notes);
            } else {
                show(log, codec, policy);
            }
        }
    }

    private void checkPartition(AuditLog log) {
        int partition = log.extent().partition();
        if (until != null && until.partition() >= 0 && until.partition() != partition) {
            throw new Failure("the events of %s are on partition %s, not on %s; a time needs its date"
                    .formatted(volumeId, partition, until.partition()));
        }
    }

    private Policy policy(String otherwise) {
        return (policyName == null ? otherwise : policyName).equals("reference") ? Policy.reference() : Policy.safe();
    }

    private void await(ClusterLog log, List<String> notes) {
        String application = cluster.kafka().getProperty("application.id", "keepup");
        long behind = log.awaitFold(application, PATIENCE, progress);
        if (behind > 0) {
            notes.add(String.format(
                    Locale.ROOT,
                    "the Streams app has not folded the last %,d events of partition %d within %d s: they are left out",
                    behind,
                    log.extent().partition(),
                    PATIENCE.toSeconds()));
        }
    }

    /** Offset before which events count. */
    private long end(AuditLog log) {
        if (until == null) {
            return Long.MAX_VALUE;
        }
        if (until.time() == null) {
            return until.offset() + 1;
        }
        long[] end = {Long.MAX_VALUE};
        log.events(progress, event -> {
            boolean counts = until.includes(event);
            end[0] = counts ? Long.MAX_VALUE : event.offset();
            return counts;
        });
        return end[0];
    }

    // ------------------------------------------------------------ what for

    private void show(AuditLog log, RecordCodec codec, Policy policy) {
        if (session != null) {
            explain(log, codec, policy);
        } else if (until != null) {
            stateThen(log, codec, policy);
        } else {
            Timeline timeline = new Timeline(volumeId, policy, new Paper(terminal), json);
            Replay replay = new Replay(codec, policy, log.extent().partitions());
            // On a terminal the timeline itself shows how far it is; a file is filled without a word.
            events(log, terminal.interactive() ? Progress.NONE : progress, event -> {
                timeline.take(replay.next(event));
                return !System.out.checkError();
            });
        }
    }

    private void explain(AuditLog log, RecordCodec codec, Policy policy) {
        Explanation explanation = new Explanation(volumeId, session, policy);
        Replay replay = new Replay(codec, policy, log.extent().partitions());
        events(log, progress, event -> explanation.take(replay.next(event)));
        if (!explanation.found()) {
            throw new Failure("%s has no session %s%s: its last is %s"
                    .formatted(
                            volumeId,
                            session,
                            until == null ? "" : " until then",
                            replay.state(volumeId).lastSessionId()));
        }
        if (json) {
            System.out.println(explanation.json().toPrettyString());
        } else {
            explanation.print(new Paper(terminal));
        }
    }

    private void stateThen(AuditLog log, RecordCodec codec, Policy policy) {
        Replay replay = new Replay(codec, policy, log.extent().partitions());
        StateThen then = new StateThen(volumeId, policy);
        events(log, progress, event -> {
            then.take(event, replay.next(event));
            return true;
        });
        then.print(replay.state(volumeId), json);
    }

    /** Every event that counts; fails when there is none. */
    private void events(AuditLog log, Progress told, Predicate<ConsumerRecord<byte[], byte[]>> sink) {
        boolean[] any = {false};
        log.events(told, event -> {
            any[0] = true;
            return (until == null || until.includes(event)) && sink.test(event);
        });
        progress.end();
        if (!any[0]) {
            throw none();
        }
    }

    private Verification verified(AuditLog log, RecordCodec codec, Policy policy) {
        Verification verification = new Verifier(log, codec, policy).run(progress);
        progress.end();
        return verification;
    }

    private void prove(List<Verification> parts, List<String> notes) {
        if (volumeId != null && parts.stream().allMatch(p -> p.accounts().isEmpty() && p.proven())) {
            throw none();
        }
        Proof proof = new Proof(parts, notes);
        if (json) {
            System.out.println(proof.json().toPrettyString());
        } else {
            proof.print(terminal);
        }
        if (!proof.holds()) {
            throw new Failure(proof.failure());
        }
    }

    private Failure none() {
        return new Failure("there are no events of volume %s%s: 'keepup status' lists the volumes"
                .formatted(volumeId, until == null ? "" : " until then"));
    }
}
