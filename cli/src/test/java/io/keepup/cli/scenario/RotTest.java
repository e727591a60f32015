package io.keepup.cli.scenario;

import static io.keepup.cli.scenario.VolumeUnderTest.BLOCK;
import static io.keepup.cli.scenario.VolumeUnderTest.waitFor;
import static org.assertj.core.api.Assertions.assertThat;

import io.keepup.cli.rig.SessionLog;
import io.keepup.node.NodeCounter;
import io.keepup.v1.FailureReason;
import io.keepup.v1.SessionKind;
import io.keepup.v1.SyncAckReceived;
import java.io.IOException;
import java.io.RandomAccessFile;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Disks that give back something else than was written: found, told, never shipped, and mended from another copy [P4]. */
@Timeout(300)
class RotTest {

    private static final int ROTTEN = 700;

    /** Flips one bit of a block in a node's extent, as long as nobody looks unnoticed. */
    private static void rot(VolumeUnderTest volume, String node) throws IOException {
        volume.on(node).flush();
        try (RandomAccessFile extent =
                new RandomAccessFile(volume.files(node).resolve("extent").toFile(), "rw")) {
            extent.seek((long) ROTTEN * BLOCK + 1234);
            int was = extent.read();
            extent.seek((long) ROTTEN * BLOCK + 1234);
            extent.write(was ^ 4);
        }
    }

    @Nested
    class Scrubbed {
        @RegisterExtension
        final VolumeUnderTest volume = new VolumeUnderTest(8 << 20)
                .with("node.scrub.interval.ms", "300")
                .with("node.scrub.bytes.per.second", "100000000");

        private final String p = volume.node("p");
        private final String r1 = volume.node("r1");

        @Test
        void P4_a_replica_that_rots_is_found_by_its_scrub_and_rebuilt_because_the_engine_says_so() throws IOException {
            // given a healthy volume, scrubbed over and over
            volume.bootstrap(p, r1);
            volume.awaitHealthyAt(volume.fillHalf(p));
            waitFor("scrubs").until(() -> volume.counter(r1, NodeCounter.SCRUBS) > 2);
            assertThat(volume.counter(r1, NodeCounter.BLOCKS_CORRUPT)).isZero();
            assertThat(volume.sessions()).isEmpty();

            // when a block of the replica rots that nobody reads
            rot(volume, r1);

            // then the replica tells it, and the engine has it rebuilt
            SessionLog.Session session = volume.awaitCompleted(r1, SessionKind.rebuild, 0);
            assertThat(session.facts().getReplicaLsn()).isZero();
            assertThat(volume.seen()
                            .values(
                                    SyncAckReceived.class,
                                    e -> !e.getAck().getRecoverable()
                                            && e.getAck().getReason() == FailureReason.local_extent_corrupt))
                    .isNotEmpty();
            volume.awaitHealthy();
            assertThat(volume.status(r1).recoverable()).isTrue();
            waitFor("the damage to be counted").until(() -> volume.counter(r1, NodeCounter.BLOCKS_CORRUPT) > 0);
            long found = volume.counter(r1, NodeCounter.BLOCKS_CORRUPT);
            volume.assertEqualCopies(p, r1);
            long scrubs = volume.counter(r1, NodeCounter.SCRUBS);
            waitFor("two more scrubs").until(() -> volume.counter(r1, NodeCounter.SCRUBS) > scrubs + 1);
            assertThat(volume.counter(r1, NodeCounter.BLOCKS_CORRUPT)).isEqualTo(found);
            assertThat(volume.sessions()).hasSize(1);
        }
    }

    @Nested
    class Shipped {
        @RegisterExtension
        final VolumeUnderTest volume = new VolumeUnderTest(8 << 20).with("node.scrub.bytes.per.second", "0");

        private final String p = volume.node("p");
        private final String r1 = volume.node("r1");
        private final String r2 = volume.node("r2");

        @Test
        void P4_a_primary_never_ships_a_damaged_block_and_is_rebuilt_from_the_replica_that_takes_its_place()
                throws IOException {
            // given a replica that needs a base, and a primary with a block that rotted and that nobody has read yet
            volume.bootstrap(p, r1, r2);
            volume.awaitHealthyAt(volume.fillHalf(p));
            volume.stop(r2);
            long head = volume.burst(p, 50);
            volume.awaitDurable(r1, head);
            volume.trimAll(p);
            rot(volume, p);
            assertThat(volume.status(p).recoverable()).isTrue();

            // when it is to serve the base
            volume.start(r2);

            // then the session fails, the primary knows itself damaged, and the volume is not called healthy
            volume.awaitWatch(
                    "the first rebuild to end",
                    w -> !volume.sessions(r2).isEmpty()
                            && volume.sessions(r2).get(0).outcome() != null);
            assertThat(volume.sessions(r2).get(0).outcome()).isEqualTo("snapshot_unavailable");
            assertThat(volume.status(p).recoverable()).isFalse();
            assertThat(volume.status(p).fault()).isEqualTo("local_extent_corrupt");
            assertThat(volume.status(r2).recoverable()).isFalse();
            assertThat(volume.projection().getHealthy()).isFalse();

            // when the replica that is in step takes its place, both others are rebuilt from it
            volume.assign(2, r1, p, r2);
            volume.awaitCompleted(p, SessionKind.rebuild, 0);
            volume.awaitHealthyAt(volume.burst(r1, 10));
            assertThat(volume.sessions(r2)).allMatch(s -> s.kind() == SessionKind.rebuild);
            assertThat(volume.status(p).recoverable()).isTrue();
            volume.assertEqualCopies(r1, p, r2);
        }
    }

    @Nested
    class Served {
        @RegisterExtension
        final VolumeUnderTest volume = new VolumeUnderTest(8 << 20).with("node.scrub.bytes.per.second", "0");

        private final String p = volume.node("p");
        private final String r1 = volume.node("r1");

        /** The fold hears of it too: a primary that refuses its own data is not healthy. */
        @BeforeEach
        void healthy() {
            volume.bootstrap(p, r1);
            volume.awaitHealthyAt(volume.fillHalf(p));
        }

        @Test
        void P4_a_primary_that_reads_a_damaged_block_says_that_it_serves_no_more() throws IOException {
            rot(volume, p);
            try (var client = volume.client(p)) {
                assertThat(client.read(ROTTEN + 1, 1)).hasSize(BLOCK);
                assertThat(volume.projection().getHealthy()).isTrue();
                assertThat(org.assertj.core.api.Assertions.catchThrowable(() -> client.read(ROTTEN, 1)))
                        .hasMessageContaining("Block " + ROTTEN)
                        .hasMessageNotContaining("\n");
            }
            volume.awaitReason("local_extent_corrupt");
            assertThat(volume.projection().getHealthy()).isFalse();
        }
    }
}
