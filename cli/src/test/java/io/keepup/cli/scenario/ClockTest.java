package io.keepup.cli.scenario;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.keepup.cli.BlockClient;
import io.keepup.cli.CommandRun;
import io.keepup.cli.KeepupProcess;
import io.keepup.cli.WallClock;
import io.keepup.node.NodeAddress;
import io.keepup.schemas.topic.Topics;
import io.keepup.v1.SessionKind;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** [A11] Processes whose wall clocks are hours off, and are set while they run. */
@Timeout(180)
class ClockTest {

    private static final int BLOCK = VolumeUnderTest.BLOCK;

    @RegisterExtension
    final VolumeUnderTest volume = new VolumeUnderTest(4 << 20);

    private final String p = volume.node("p");
    private final String r = volume.node("r");
    private long head;

    @Test
    void S_F14_clocks_that_are_hours_off_and_are_set_hold_up_no_sync_no_session_and_no_write() throws Exception {
        WallClock ofPrimary = WallClock.in(volume.cluster().directory(volume.id() + "-clock-p"))
                .ahead(Duration.ofHours(3)); // more than Kafka lets a record be ahead
        WallClock ofReplica = WallClock.in(volume.cluster().directory(volume.id() + "-clock-r"))
                .ahead(Duration.ofHours(-1));
        KeepupProcess primary = node(p, ofPrimary);
        KeepupProcess replica = node(r, ofReplica);
        try {
            volume.assign(1, p, r);
            volume.awaitReady(r);
            volume.awaitReason("awaiting_barrier_durability");
            write();
            volume.awaitHealthyAt(head);

            // a replica that returns with another clock catches up, in as long as it takes
            replica.kill();
            write();
            ofReplica.ahead(Duration.ofHours(1));
            replica = node(r, ofReplica);
            volume.awaitCompleted(r, SessionKind.catchup, 0);
            volume.awaitHealthyAt(head);

            // clocks are set while their nodes run
            ofPrimary.ahead(Duration.ofHours(-1));
            ofReplica.ahead(Duration.ofHours(-2));
            write();
            volume.awaitHealthyAt(head);

            // a primary that returns with an earlier clock is believed
            primary.kill();
            ofPrimary.ahead(Duration.ofHours(-4));
            primary = node(p, ofPrimary);
            write();
            volume.awaitHealthyAt(head);

            // an operator's request is granted at once, whatever the clocks show
            assertThat(CommandRun.on(volume.cluster().options(), "rebuild", volume.id(), r, "--why", "clocks")
                            .exit())
                    .isZero();
            volume.awaitCompleted(r, SessionKind.rebuild, 1);
            volume.awaitHealthyAt(head);
        } finally {
            primary.close();
            replica.close();
        }

        assertThat(volume.rejected()).as("refused").isEmpty();
        CommandRun ledger = CommandRun.on(volume.cluster().options(), "sessions", "--volume", volume.id(), "--json");
        assertThat(new ObjectMapper().readTree(ledger.out())).hasSize(2).allSatisfy(session -> {
            assertThat(session.path("outcome").asText()).isEqualTo("completed");
            assertThat(session.path("durationMs").asLong()).isBetween(1L, VolumeUnderTest.LIMIT.toMillis());
        });
        assertThat(volume.sessions()).allSatisfy(s -> assertThat(s.seconds()).isBetween(0.001, 60.0));
        Instant now = Instant.now();
        assertThat(volume.seen().on(Topics.EVENTS))
                .as("the time of a record is the broker's")
                .allSatisfy(e -> assertThat(
                                Duration.between(Instant.ofEpochMilli(e.record().timestamp()), now))
                        .isBetween(Duration.ZERO, Duration.ofMinutes(4)));
    }

    private KeepupProcess node(String id, WallClock clock) {
        return KeepupProcess.start(
                        volume.cluster().directory(""),
                        clock.environment(),
                        "node",
                        "--id",
                        id,
                        "--data",
                        volume.directory(id),
                        "--bootstrap",
                        volume.cluster().bootstrap(),
                        "--registry",
                        volume.cluster().registryUrl())
                .awaitOutput("serves block I/O");
    }

    /** Some blocks, the last of them durable on both copies if both are there. */
    private void write() {
        Path directory = volume.directory(p);
        try (BlockClient client = new BlockClient(NodeAddress.read(directory).orElseThrow(), volume.id())) {
            for (int i = 0; i < 20; i++) {
                client.write(i, new byte[BLOCK], false);
            }
            head = client.status().path("appliedLsn").asLong();
        }
    }
}
