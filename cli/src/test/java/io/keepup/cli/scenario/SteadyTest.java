package io.keepup.cli.scenario;

import static io.keepup.cli.scenario.VolumeUnderTest.BLOCK;
import static io.keepup.cli.scenario.VolumeUnderTest.waitFor;
import static org.assertj.core.api.Assertions.assertThat;

import io.keepup.cli.BlockClient;
import io.keepup.node.NodeCounter;
import io.keepup.schemas.topic.Topics;
import io.keepup.v1.AckKind;
import io.keepup.v1.BarrierConfirmed;
import io.keepup.v1.SessionKind;
import io.keepup.v1.SyncAckReceived;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A volume in keep-up, under writes and through a replica that is not heard for a while. */
@Timeout(120)
class SteadyTest {

    private static final int WRITERS = 4;
    private static final int WRITES = 150;

    @RegisterExtension
    final VolumeUnderTest volume = new VolumeUnderTest(8 << 20);

    private final String p = volume.node("p");
    private final String r1 = volume.node("r1");
    private final String r2 = volume.node("r2");

    @Test
    void S_V2_sustained_writes_with_barriers_are_readable_and_proven_everywhere() throws Exception {
        volume.bootstrap(p, r1, r2);

        // when several writers write, each waiting for the barrier, and each looking for a second copy after it
        Map<Long, byte[]> written = new HashMap<>();
        List<Long> lsns = new ArrayList<>();
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<Map<Long, byte[]>>> writers = new ArrayList<>();
            for (int i = 0; i < WRITERS; i++) {
                writers.add(threads.submit(writer(i, lsns)));
            }
            for (Future<Map<Long, byte[]>> writer : writers) {
                written.putAll(writer.get());
            }
        }

        // then LSNs have no gap, and all of it is proven
        long head = WRITERS * (long) WRITES;
        assertThat(lsns).hasSize((int) head).doesNotHaveDuplicates();
        assertThat(volume.status(p).durableLsn()).isEqualTo(head);
        volume.awaitHealthyAt(head);
        assertThat(volume.projection().getDurableLsn()).isEqualTo(head);
        assertThat(volume.seen().values(BarrierConfirmed.class))
                .extracting(BarrierConfirmed::getDurableLsn)
                .isSorted()
                .doesNotHaveDuplicates()
                .endsWith(head);

        // and every copy gives back what was written last
        volume.assertEqualCopies(p, r1, r2);
        for (String node : List.of(p, r1, r2)) {
            try (BlockClient client = volume.client(node)) {
                written.forEach((lba, block) -> assertThat(client.read(lba, 1))
                        .as("LBA " + lba + " of " + node)
                        .isEqualTo(block));
            }
        }
        assertThat(volume.sessions()).isEmpty();
    }

    /** Writes to every fourth block; gives what it wrote last to each. */
    private Callable<Map<Long, byte[]>> writer(int number, List<Long> lsns) {
        return () -> {
            Map<Long, byte[]> written = new HashMap<>();
            Random random = new Random(number);
            try (BlockClient client = volume.client(p)) {
                for (int i = 0; i < WRITES; i++) {
                    long lba = number + WRITERS * random.nextLong(64);
                    byte[] block = new byte[BLOCK];
                    random.nextBytes(block);
                    long lsn = client.write(lba, block, true);
                    long second = Math.max(
                            volume.status(r1).durableLsn(), volume.status(r2).durableLsn());
                    assertThat(second)
                            .as("second copy of a write acknowledged by the barrier")
                            .isGreaterThanOrEqualTo(lsn);
                    written.put(lba, block);
                    synchronized (lsns) {
                        lsns.add(lsn);
                    }
                }
            }
            return written;
        };
    }

    @Test
    void S_V3_a_sync_that_times_out_becomes_a_fact_and_the_volume_is_steady_again_after_it() {
        // given a healthy volume
        volume.bootstrap(p, r1, r2);
        volume.awaitHealthyAt(volume.burst(p, 20));

        // when the questions to one replica get lost
        Network.lose(r1, Topics.SYNC_REQUESTS);

        // then that is said, and the volume is not called healthy, and no recovery follows from silence
        volume.awaitReason("awaiting_replica_sync");
        assertThat(volume.replica(r1).getLastSyncAck().getAckKind()).isEqualTo(AckKind.timed_out);
        assertThat(volume.replica(r1).getSession().getKind()).isEqualTo(SessionKind.keepup);
        assertThat(volume.counter(p, NodeCounter.SYNCS_TIMED_OUT)).isPositive();
        assertThat(volume.seen()
                        .values(
                                SyncAckReceived.class,
                                e -> e.getReplicaId().equals(r1) && e.getAck().getAckKind() == AckKind.timed_out))
                .allSatisfy(e -> assertThat(e.getMeta().getSource()).isEqualTo("node/" + p));
        long head = volume.burst(p, 20);
        volume.awaitProjection("a proof by the other two", v -> v.getDurableLsn() >= head);
        assertThat(volume.projection().getReason()).isEqualTo("awaiting_replica_sync");

        // when they arrive again, it is steady, without any session
        Network.bring(r1, Topics.SYNC_REQUESTS);
        volume.awaitHealthyAt(head);
        assertThat(volume.replica(r1).getLastSyncAck().getAckKind()).isEqualTo(AckKind.quorum);
        assertThat(volume.sessions()).isEmpty();
        volume.assertEqualCopies(p, r1, r2);
    }

    @Test
    void S_V3_a_replica_that_was_silent_because_it_was_away_is_decided_on_when_it_is_heard_again() {
        volume.bootstrap(p, r1, r2);
        volume.awaitHealthyAt(volume.burst(p, 20));
        volume.stop(r1);
        volume.awaitProjection(
                "the silence",
                v -> VolumeUnderTest.replica(v, r1).getLastSyncAck().getAckKind() == AckKind.timed_out);
        long head = volume.burst(p, 20);
        volume.settle();
        assertThat(volume.sessions()).as("sessions while it is silent").isEmpty();

        volume.start(r1);
        volume.awaitCompleted(r1, SessionKind.catchup, 0);
        volume.awaitHealthyAt(head);
        waitFor("no pin").until(() -> volume.status(p).pins().isEmpty());
        volume.assertEqualCopies(p, r1, r2);
    }
}
