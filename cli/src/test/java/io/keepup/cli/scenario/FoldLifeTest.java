package io.keepup.cli.scenario;

import static org.assertj.core.api.Assertions.assertThat;

import io.keepup.cli.BlockClient;
import io.keepup.cli.CommandRun;
import io.keepup.cli.KeepupProcess;
import io.keepup.cli.rig.SessionLog;
import io.keepup.cli.rig.Workload;
import io.keepup.node.NodeCounter;
import io.keepup.schemas.topic.Topics;
import io.keepup.streams.KeepupStreams;
import io.keepup.v1.AckKind;
import io.keepup.v1.AssignmentDelivered;
import io.keepup.v1.BarrierConfirmed;
import io.keepup.v1.CancelRequested;
import io.keepup.v1.FailureReason;
import io.keepup.v1.Meta;
import io.keepup.v1.Mode;
import io.keepup.v1.PrimarySilent;
import io.keepup.v1.ProjectionOverwritten;
import io.keepup.v1.ReadinessObserved;
import io.keepup.v1.RebuildRequested;
import io.keepup.v1.ReplicaEndpoint;
import io.keepup.v1.Role;
import io.keepup.v1.SessionCause;
import io.keepup.v1.SessionCompleted;
import io.keepup.v1.SessionFailed;
import io.keepup.v1.SessionKind;
import io.keepup.v1.SessionPhase;
import io.keepup.v1.SessionProgress;
import io.keepup.v1.SyncAck;
import io.keepup.v1.SyncAckReceived;
import io.keepup.v1.VolumeProjection;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.apache.avro.Schema;
import org.apache.avro.specific.SpecificRecord;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The Streams app dies, shares its work, is replaced and begins anew; on a cluster of its own. */
@Timeout(300)
class FoldLifeTest {

    private static final int DEATHS_TO_SURVIVE = 4;
    private static final Map<String, String> WITH_FAULTS = Map.of(
            "producer.interceptor.classes",
            Network.class.getName() + "," + FoldFault.class.getName(),
            "main.consumer.session.timeout.ms",
            "2500",
            "main.consumer.heartbeat.interval.ms",
            "500",
            "main.consumer.max.poll.interval.ms",
            "5000",
            "producer.transaction.timeout.ms",
            "5000");

    @RegisterExtension
    final VolumeUnderTest volume = new VolumeUnderTest(8 << 20, SharedCluster::ofClass);

    private final String p = volume.node("p");
    private final String r1 = volume.node("r1");
    private final String r2 = volume.node("r2");
    private KeepupStreams fold;

    @BeforeEach
    void one_instance() {
        volume.cluster().stopFolds();
        fold = volume.cluster().startFold("a", WITH_FAULTS);
    }

    // ------------------------------------------- between processing and commit

    private final Set<String> events = new TreeSet<>();
    private final Set<String> outputs = new TreeSet<>();
    private int deaths;

    @Test
    void a_fold_that_dies_between_processing_and_commit_leaves_no_trace_whatever_the_event() throws Exception {
        // when the fold dies at every event of a volume's life
        dieAt(new AssignmentDelivered(meta(r1), Role.replica, List.of(), 8L << 20, 4096));
        dieAt(new AssignmentDelivered(
                meta(p),
                Role.primary,
                List.of(new ReplicaEndpoint(r1, "", ""), new ReplicaEndpoint(r2, "", "")),
                8L << 20,
                4096));
        dieAt(new ReadinessObserved(meta(p), true, null, true, true, null, "", null, null));
        dieAt(new BarrierConfirmed(meta(p), 12L));
        dieAt(ack(r1, 1, 15, true)); // a catch-up
        dieAt(ack(r2, 2, 3, true)); // a rebuild
        long catchUp = session(r1);
        long rebuild = session(r2);
        dieAt(new SessionProgress(
                meta(p), r2, rebuild, SessionKind.rebuild, SessionPhase.running, 7L, 7L, 1L, 2L, 4096L, null));
        dieAt(new SessionCompleted(
                meta(p), r1, catchUp, SessionKind.catchup, 20L, 20L, false, 0L, 0L, 0L, 0L, null, 0L));
        dieAt(new SessionFailed(
                meta(p),
                r2,
                rebuild,
                SessionKind.rebuild,
                FailureReason.transport_lost,
                "",
                null,
                0L,
                0L,
                0L,
                0L,
                0L,
                -1L));
        dieAt(new RebuildRequested(meta(p), r2, "test"));
        dieAt(new CancelRequested(meta(p), r2, session(r2), "test"));
        volume.putEvent(ack(r2, 3, 0, false));
        volume.awaitProjection("a rebuild", v -> v.getMode() == Mode.needs_rebuild);
        volume.putEvent(new SessionCompleted(
                meta(p), r2, session(r2), SessionKind.rebuild, 20L, 20L, true, 0L, 0L, 0L, 0L, null, 0L));

        // then it was folded as if nothing had happened: the volume under test compares all outputs with the log
        volume.awaitHealthyAt(20);
        dieAt(new PrimarySilent(Meta.newBuilder(meta(p)).setSource("watchdog").build(), 3L, Instant.now()));
        volume.awaitReason("primary_silent");
        dieAt(new ProjectionOverwritten(meta(p), 0, -1L));
        assertThat(events).as("events it died at").isEqualTo(names(Topics.eventTypes()));
        assertThat(outputs)
                .as("outputs in transactions that died")
                .isEqualTo(Topics.shared().stream()
                        .filter(t -> t.name().equals(Topics.COMMANDS_NODE)
                                || t.name().equals(Topics.COMMANDS_SESSION)
                                || t.name().equals(Topics.SESSIONS))
                        .flatMap(t -> names(t.records()).stream())
                        .collect(Collectors.toCollection(TreeSet::new)));
        volume.seen().assertEachOutputOnce();
    }

    @Test
    void an_assignment_that_nobody_folds_is_said_to_be_on_the_log_and_is_folded_later() {
        volume.cluster().stopFolds();

        CommandRun run = CommandRun.on(
                volume.cluster().options(), "assign", volume.id(), "--epoch", 1, "--primary", p, "--replica", r1);

        assertThat(run.exit()).isOne();
        assertThat(run.err()).contains("nobody has folded it within 10 s: is the Streams app running");
        fold = volume.cluster().startFold("a", WITH_FAULTS);
        volume.awaitReason("awaiting_role_apply");
        assertThat(volume.projection().getPrimaryId()).isEqualTo(p);
    }

    @Test
    void two_consumers_of_one_partition_around_a_rebalance_and_the_one_that_was_slow_has_no_say() throws Exception {
        // given a fold that has processed a wish, and stands still for too long before it commits
        volume.bootstrap(p, r1, r2);
        volume.awaitHealthyAt(volume.fillHalf(p));
        try (BlockClient client = volume.client(p);
                Workload workload = volume.workload(client)) {
            workload.begin();
            RebuildRequested wish = new RebuildRequested(meta(p), r1, "test");
            FoldFault.standBeforeCommitOf(wish.getMeta().getEventId());
            volume.putEvent(wish);
            assertThat(FoldFault.awaitStruck()).isTrue();
            assertThat(FoldFault.sent()).contains("IssueRebuild");

            // when another takes the partition over
            KeepupStreams other = volume.cluster().startFold("b", WITH_FAULTS);
            SessionLog.Session session = volume.awaitCompleted(r1, SessionKind.rebuild, 0);
            assertThat(session.cause()).isEqualTo(SessionCause.operator_request);

            // and the first one goes on
            FoldFault.release();
            volume.awaitHealthy();
            VolumeUnderTest.waitFor("both at work")
                    .until(() ->
                            fold.whyNotReady().isEmpty() && other.whyNotReady().isEmpty());

            // and the other leaves again
            volume.cluster().stopFold(other);
            long before = workload.written();
            VolumeUnderTest.waitFor("more writes").until(() -> workload.written() > before + 10);
            workload.end();
        }

        // then the wish was granted once, and all is well
        volume.awaitHealthyAt(volume.status(p).durableLsn());
        assertThat(volume.sessions()).hasSize(1);
        assertThat(volume.counter(r1, NodeCounter.SESSIONS_STARTED)).isOne();
        assertThat(volume.counter(p, NodeCounter.PINS_TAKEN)).isOne();
        volume.settle();
        volume.seen().assertEachOutputOnce();
        volume.assertEqualCopies(p, r1, r2);
    }

    @Test
    void a_fold_killed_between_processing_and_commit_then_the_whole_log_to_a_fresh_one() throws Exception {
        // given a fold in a process of its own, which is killed once it has sent the command of a rebuild
        volume.cluster().stopFolds();
        Path config = volume.cluster().directory("halting.properties");
        Properties settings = new Properties();
        settings.putAll(WITH_FAULTS);
        settings.put("producer." + FoldFault.HALT_AFTER, "IssueRebuild");
        settings.put("num.standby.replicas", "0");
        try (Writer writer = Files.newBufferedWriter(config)) {
            settings.store(writer, null);
        }
        try (KeepupProcess process = KeepupProcess.start(
                        volume.cluster().directory(""),
                        "streams",
                        "--bootstrap",
                        volume.cluster().bootstrap(),
                        "--registry",
                        volume.cluster().registryUrl(),
                        "--http",
                        0,
                        "--data",
                        volume.cluster().directory("streams-process"),
                        "--config",
                        config)
                .awaitOutput("the Streams app folds")) {
            volume.bootstrap(p, r1, r2);
            volume.awaitHealthyAt(volume.fillHalf(p));
            volume.stop(r2);
            volume.burst(p, 30);
            volume.trimAll(p, r1);
            volume.start(r2);
            assertThat(process.exit()).isEqualTo(137);
        }
        assertThat(volume.sessions()).as("what was not committed").isEmpty();

        // when another one goes on
        fold = volume.cluster().startFold("c", WITH_FAULTS);
        volume.awaitCompleted(r2, SessionKind.rebuild, 0);
        long head = volume.burst(p, 20);
        volume.awaitHealthyAt(head);

        // then nothing came twice
        volume.settle();
        volume.seen().assertEachOutputOnce();
        volume.assertFoldedAlike();
        assertThat(volume.counter(r2, NodeCounter.SESSIONS_STARTED)).isOne();
        volume.assertEqualCopies(p, r1, r2);

        // when a fold that knows nothing reads the whole log, then it says the same again, and nobody does it again
        volume.cluster().stopFolds();
        VolumeProjection last = volume.projection();
        volume.seen().forgetOutputs();
        fold = volume.cluster().startFold("d", with("application.id", "keepup-again"));
        volume.awaitProjection("the same again", v -> volume.seen().projections().stream()
                .anyMatch(seen ->
                        seen.getMeta().getEventId().equals(last.getMeta().getEventId())));
        volume.awaitHealthyAt(volume.burst(p, 20));
        assertThat(volume.sessions()).hasSize(1);
        assertThat(volume.counter(r2, NodeCounter.SESSIONS_STARTED)).isOne();
        assertThat(volume.counter(p, NodeCounter.PINS_TAKEN)).isOne();
        assertThat(volume.counter(p, NodeCounter.PINS_RELEASED)).isOne();
        volume.assertEqualCopies(p, r1, r2);
    }

    private static Map<String, String> with(String name, String value) {
        Map<String, String> settings = new HashMap<>(WITH_FAULTS);
        settings.put(name, value);
        return settings;
    }

    /** Puts an event; the fold dies before it commits what follows, and then what follows is there. */
    private void dieAt(SpecificRecord event) throws InterruptedException {
        if (deaths++ == DEATHS_TO_SURVIVE) {
            volume.cluster().stopFold(fold); // it would give up
            fold = volume.cluster().startFold("a", WITH_FAULTS);
            deaths = 1;
        }
        Meta meta = (Meta) event.get(event.getSchema().getField("meta").pos());
        FoldFault.dieBeforeCommitOf(meta.getEventId());
        volume.putEvent(event);
        assertThat(FoldFault.awaitStruck()).as("death at " + event).isTrue();
        events.add(event.getSchema().getName());
        outputs.addAll(FoldFault.sent());
        volume.awaitProjection(
                "what follows from " + event, v -> v.getMeta().getEventId().equals("projection/" + meta.getEventId()));
    }

    private static Set<String> names(List<Schema> types) {
        return types.stream().map(Schema::getName).collect(Collectors.toCollection(TreeSet::new));
    }

    private Meta meta(String nodeId) {
        return volume.meta(nodeId, 1);
    }

    private long session(String replica) {
        return volume.replica(replica).getSession().getSessionId();
    }

    private SyncAckReceived ack(String replica, long syncId, long applied, boolean recoverable) {
        SyncAck ack = new SyncAck(applied, applied, applied, 1L, recoverable, null, AckKind.quorum, false, null, 0L);
        return new SyncAckReceived(meta(p), replica, syncId, ack, 11L, 20L, 0L, 0L);
    }
}
