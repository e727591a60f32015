package io.keepup.cli.scenario;

import static org.assertj.core.api.Assertions.assertThat;

import io.keepup.cli.BlockClient;
import io.keepup.cli.KeepupProcess;
import io.keepup.cli.QuickStart;
import io.keepup.cli.rig.SessionLog;
import io.keepup.cli.rig.Workload;
import io.keepup.schemas.topic.Topics;
import io.keepup.v1.FailureReason;
import io.keepup.v1.RebuildRequested;
import io.keepup.v1.SessionFailed;
import io.keepup.v1.SessionKind;
import io.keepup.v1.SessionProgress;
import io.keepup.volume.Volume;
import io.keepup.volume.VolumeStatus;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** The node that is killed is a process of its own here, so that kill -9 takes from it what kill -9 takes. */
class KilledNodeTest {

    private static final int POINTS = Integer.getInteger("keepup.r12.points", 50);
    /** Blocks of the base with data; behind them is a run of zeros. */
    private static final int FILLED = 1024;

    private static final int PER_CHUNK = 4;
    private static final int MANIFEST = 1;
    private static final int CHUNKS = FILLED / PER_CHUNK;

    @RegisterExtension
    final VolumeUnderTest volume = new VolumeUnderTest(2L * FILLED * VolumeUnderTest.BLOCK)
            .with("node.base.chunk.bytes", String.valueOf(PER_CHUNK * VolumeUnderTest.BLOCK));

    @TempDir
    private Path scratch;

    private final String p = volume.node("p");
    private final String r = volume.node("r");
    private QuickStart processes;

    @BeforeEach
    void a_replica_below_the_tail() {
        processes = new QuickStart(scratch);
        volume.bootstrap(p, r);
        volume.awaitHealthyAt(volume.fillHalf(p));
        volume.stop(r);
        volume.burst(p, 50);
        volume.trimAll(p);
    }

    @Test
    @Timeout(300)
    void S_R5_a_primary_killed_with_kill_9_in_mid_base_fails_the_session_and_the_next_facts_force_a_rebuild()
            throws Exception {
        volume.stop(p);
        SessionLog.Session first;
        try (KeepupProcess primary = start(p, "node.recovery.bytes.per.second=1048576")) {
            primary.awaitOutput("serves block I/O");
            volume.start(r);
            first = volume.awaitRunning(r, SessionKind.rebuild, 0);
            primary.kill();
        }
        assertThat(volume.status(r).recoverable()).isFalse();

        volume.start(p);

        SessionLog.Session second = volume.awaitCompleted(r, SessionKind.rebuild, 1);
        assertThat(second.facts().getReplicaLsn()).isZero();
        assertThat(volume.seen().values(SessionFailed.class))
                .singleElement()
                .satisfies(e -> assertThat(e.getSessionId()).isEqualTo(first.id()))
                .satisfies(e -> assertThat(e.getReason())
                        .isIn(FailureReason.snapshot_unavailable, FailureReason.progress_stalled));
        volume.awaitHealthyAt(volume.burst(p, 20));
        volume.assertEqualCopies(p, r);
    }

    @Test
    @Timeout(900)
    void S_R12_a_replica_killed_at_random_points_of_its_rebuild_is_rebuilt_every_time_and_then_equal()
            throws Exception {
        long seed = System.nanoTime();
        System.out.println("R12 kill points, seed " + seed);
        Random random = new Random(seed);
        leaveArchive();
        // given a writer that goes on
        int markers = 0;
        try (BlockClient client = volume.client(p);
                Workload workload = volume.workload(client)) {
            workload.begin();
            for (int killed = 0; killed < POINTS; killed++) {
                markers += assertUnproven(killInSession(killed, random));
            }
            // when it is left alone
            Network.fast(Topics.base(volume.id()));
            volume.start(r);
            volume.awaitCompleted(r, SessionKind.rebuild, POINTS);
            workload.end();
        }
        System.out.printf(
                "R12: %d kills, %d with a marker on disk, %d sessions%n",
                POINTS, markers, volume.sessions(r).size());
        assertThat(markers).as("kills in mid-rebuild").isGreaterThan(POINTS * 3 / 4);
        assertThat(volume.sessions(r))
                .as("decisions of the engine")
                .hasSize(POINTS + 1)
                .allMatch(s -> s.kind() == SessionKind.rebuild)
                .allMatch(s -> s.outcome() != null);
        volume.awaitHealthyAt(volume.status(p).durableLsn());
        volume.assertEqualCopies(p, r);
    }

    /** Starts the replica and kills it somewhere in its session, which cannot end before; returns the session's id. */
    private long killInSession(int before, Random random) throws InterruptedException {
        // The lane brings so many chunks, and no more: the kill meets it under way, or with nothing but WAL to apply.
        int until = random.nextInt(12) == 0 ? 0 : 1 + random.nextInt(CHUNKS / 2);
        Network.gate(Topics.base(volume.id()), MANIFEST + until + random.nextInt(CHUNKS / 2));
        try (KeepupProcess node = start(r, "node.session.progress.ms=20")) {
            if (before > 0) { // else every failure would have a longer pause behind it [P11]
                volume.awaitWatch(
                        "the end of session " + before,
                        w -> volume.sessions(r).get(before - 1).outcome() != null);
                volume.putEvent(new RebuildRequested(volume.meta(p, 1), r, "another kill"));
            }
            volume.awaitWatch(
                    "session " + before + " of " + r, w -> volume.sessions(r).size() > before);
            SessionLog.Session session = volume.sessions(r).get(before);
            assertThat(session.kind()).as("what the engine says to %s", session).isEqualTo(SessionKind.rebuild);
            volume.awaitWatch(
                    until + " chunks in session " + session.id(),
                    w -> !progress(session.id()).isEmpty() && done(session.id()) >= until * PER_CHUNK);
            node.kill();
            return session.id();
        }
    }

    /** What the replica says of a session; nothing before it has taken it up. */
    private List<SessionProgress> progress(long session) {
        return volume.seen().values(SessionProgress.class, e -> e.getSessionId() == session);
    }

    private long done(long session) {
        return progress(session).stream()
                .mapToLong(SessionProgress::getBaseBlocksDone)
                .max()
                .orElse(0);
    }

    /** What lies on the disk is claimed to be nothing. 1 when the marker of that very session stands. */
    private int assertUnproven(long session) {
        try (Volume copy = Volume.open(volume.files(r))) {
            VolumeStatus status = copy.status();
            boolean marked = status.rebuildSessionId().isPresent();
            boolean own = marked && status.rebuildSessionId().getAsLong() == session;
            if (done(session) > 0) {
                assertThat(own)
                        .as("marker of session %d in %s", session, status)
                        .isTrue();
            }
            if (marked) {
                assertThat(status.recoverable()).isFalse();
                assertThat(status.appliedLsn()).isZero();
                assertThat(status.durableLsn()).isZero();
                assertThat(status.checkpointLsn()).isZero();
            }
            return own ? 1 : 0;
        }
    }

    /** One orderly run leaves the archive that makes the others start fast. */
    private void leaveArchive() throws InterruptedException {
        try (KeepupProcess node = start(volume.node("spare"), "node.session.progress.ms=20")) {
            node.awaitOutput("serves block I/O").stop();
        }
    }

    private KeepupProcess start(String nodeId, String setting) {
        try {
            Path settings =
                    Files.write(scratch.resolve("node.properties"), List.of(setting, "node.scrub.bytes.per.second=0"));
            return processes.start(
                    "node",
                    "--id",
                    nodeId,
                    "--data",
                    volume.directory(nodeId),
                    "--bootstrap",
                    volume.cluster().bootstrap(),
                    "--registry",
                    volume.cluster().registryUrl(),
                    "--config",
                    settings);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
