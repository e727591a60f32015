package io.keepup.cli.scenario;

import static io.keepup.cli.scenario.VolumeUnderTest.waitFor;
import static org.assertj.core.api.Assertions.assertThat;

import io.keepup.cli.BlockClient;
import io.keepup.cli.rig.SessionLog;
import io.keepup.cli.rig.Workload;
import io.keepup.schemas.topic.Topics;
import io.keepup.v1.AckKind;
import io.keepup.v1.SessionKind;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * A workload that never stops for a fault: one fault after the other, each with its recovery, round after round. One round
 * takes some tens of seconds; {@code -Dkeepup.v11.minutes=N} begins new rounds for so long.
 */
@Timeout(10_000)
class EnduranceTest {

    private static final Duration LASTING = Duration.ofMinutes(Long.getLong("keepup.v11.minutes", 0));

    @RegisterExtension
    final VolumeUnderTest volume = new VolumeUnderTest(8 << 20)
            .with("node.wal.retain.bytes", "20000000")
            .with("node.wal.limit.bytes", "200000000");

    private final String p = volume.node("p");
    private final String r1 = volume.node("r1");
    private final String r2 = volume.node("r2");

    /** A fault under write load; it returns when the volume is healthy again. */
    private interface Fault {
        void strike(BlockClient client);
    }

    @Test
    void S_V11_a_workload_runs_through_faults_and_their_recoveries_and_all_copies_are_equal() throws Exception {
        volume.bootstrap(p, r1, r2);
        volume.awaitHealthyAt(volume.fillHalf(p));
        Instant end = Instant.now().plus(LASTING);
        int rounds = 0;
        do {
            rounds++;
            for (Fault fault : List.<Fault>of(
                    this::a_replica_misses_writes,
                    this::a_replica_falls_below_the_tail,
                    this::a_replica_is_cut_off_for_a_while,
                    this::a_rebuild_loses_its_replica,
                    this::the_primary_is_cut_off_from_Kafka)) {
                underLoad(fault);
            }
            volume.assertEqualCopies(p, r1, r2);
            System.out.printf(
                    "%s: round %d done, head %d, %d sessions%n",
                    volume.id(),
                    rounds,
                    volume.status(p).durableLsn(),
                    volume.sessions().size());
        } while (Instant.now().isBefore(end));

        // every session had an end, and nothing is held any more
        assertThat(volume.sessions()).hasSizeGreaterThanOrEqualTo(3 * rounds).allMatch(s -> s.outcome() != null);
        waitFor("no pin").until(() -> volume.status(p).pins().isEmpty());
    }

    private void underLoad(Fault fault) throws Exception {
        try (BlockClient client = volume.client(p);
                Workload workload = volume.workload(client)) {
            workload.begin();
            fault.strike(client);
            long before = workload.written();
            waitFor("writes to go on").until(() -> workload.written() > before);
            workload.end();
        }
        volume.awaitHealthyAt(volume.status(p).durableLsn());
    }

    private void a_replica_misses_writes(BlockClient client) {
        int before = volume.sessions(r1).size();
        volume.stop(r1);
        awaitMissed(r1);
        volume.start(r1);
        volume.awaitCompleted(r1, SessionKind.catchup, before);
    }

    private void a_replica_falls_below_the_tail(BlockClient client) {
        int before = volume.sessions(r2).size();
        volume.stop(r2);
        trimPast(client, r2);
        volume.start(r2);
        volume.awaitCompleted(r2, SessionKind.rebuild, before);
    }

    private void a_replica_is_cut_off_for_a_while(BlockClient client) {
        Network.cut(r1);
        awaitMissed(r1);
        Network.mend(r1);
        volume.awaitProjection(
                r1 + " to be heard",
                v -> VolumeUnderTest.replica(v, r1).getLastSyncAck().getAckKind() == AckKind.quorum);
    }

    private void a_rebuild_loses_its_replica(BlockClient client) {
        int before = volume.sessions(r2).size();
        Network.slow(Topics.base(volume.id()), Duration.ofMillis(20));
        volume.stop(r2);
        trimPast(client, r2);
        volume.start(r2);
        SessionLog.Session first = volume.awaitRunning(r2, SessionKind.rebuild, before);
        volume.stop(r2);
        Network.fast(Topics.base(volume.id()));
        volume.start(r2);
        SessionLog.Session second = volume.awaitCompleted(r2, SessionKind.rebuild, before + 1);
        assertThat(second.id()).isGreaterThan(first.id());
    }

    private void the_primary_is_cut_off_from_Kafka(BlockClient client) {
        long shipped = volume.status(p).shippedLsn();
        Network.cut(p);
        long head = volume.status(p).durableLsn() + 100;
        waitFor("writes that nobody else has").until(() -> volume.status(p).durableLsn() > head);
        assertThat(volume.status(p).shippedLsn()).isLessThan(head);
        Network.mend(p);
        waitFor("all of it shipped").until(() -> volume.status(p).shippedLsn() > Math.max(head, shipped));
    }

    private void awaitMissed(String replica) {
        volume.awaitProjection(
                replica + " to be missed",
                v -> VolumeUnderTest.replica(v, replica).getLastSyncAck().getAckKind() == AckKind.timed_out);
    }

    /** The WAL is trimmed to where a replica that is away cannot follow. */
    private void trimPast(BlockClient client, String replica) {
        long last = volume.replica(replica).getLastSyncAck().getAppliedLsn();
        waitFor("a tail past " + replica)
                .until(() -> client.trimWal(Long.MAX_VALUE).path("walTail").asLong() > last + 50);
    }
}
