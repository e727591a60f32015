package io.keepup.cli.scenario;

import static io.keepup.cli.scenario.VolumeUnderTest.BLOCK;
import static io.keepup.cli.scenario.VolumeUnderTest.waitFor;
import static org.assertj.core.api.Assertions.assertThat;

import io.keepup.cli.BlockClient;
import io.keepup.cli.CommandRun;
import io.keepup.cli.KeepupProcess;
import io.keepup.node.NodeAddress;
import io.keepup.streams.StreamsSettings;
import io.keepup.v1.Mode;
import io.keepup.v1.PrimarySilent;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A primary in a process of its own, killed when all is well; on a cluster that misses primaries soon. */
@Timeout(300)
class SilentPrimaryTest {

    @RegisterExtension
    final VolumeUnderTest volume = new VolumeUnderTest(8 << 20, SharedCluster::ofClass);

    private final String p = volume.node("p");
    private final String r1 = volume.node("r1");
    private final String r2 = volume.node("r2");

    @Test
    void a_volume_whose_primary_is_killed_does_not_pass_for_healthy_until_it_is_back() throws Exception {
        SharedCluster cluster = volume.cluster();
        cluster.startFold("a", Map.of(StreamsSettings.WATCHDOG_SILENCE, "8000"));
        Path directory = cluster.directory(volume.id()).resolve(p);
        volume.start(r1, r2);
        try (KeepupProcess primary = KeepupProcess.start(
                        cluster.directory(""),
                        "node",
                        "--id",
                        p,
                        "--data",
                        directory,
                        "--bootstrap",
                        cluster.bootstrap(),
                        "--registry",
                        cluster.registryUrl())
                .awaitOutput("serves block I/O")) {
            // given a healthy volume, of which nobody has anything new to say
            volume.assign(1, p, r1, r2);
            volume.awaitReady(r1, r2);
            volume.awaitReason("awaiting_barrier_durability");
            try (BlockClient client =
                    new BlockClient(NodeAddress.read(directory).orElseThrow(), volume.id())) {
                client.write(7, new byte[BLOCK], true);
            }
            volume.awaitHealthyAt(1);

            // when the primary is killed
            primary.kill();
        }

        // then the volume does not go on to look healthy, wherever one looks
        volume.awaitReason("primary_silent");
        assertThat(volume.projection().getMode()).isEqualTo(Mode.degraded);
        assertThat(volume.projection().getHealthy()).isFalse();
        assertThat(volume.seen().values(PrimarySilent.class)).singleElement().satisfies(missed -> {
            assertThat(missed.getMeta().getNodeId()).isEqualTo(p);
            assertThat(missed.getMeta().getSource()).isEqualTo("watchdog");
        });
        waitFor("the API to show it").untilAsserted(() -> {
            assertThat(volume.api().path("mode").asText()).isEqualTo("degraded");
            assertThat(volume.api().path("reason").asText()).isEqualTo("primary_silent");
        });
        assertThat(CommandRun.on(cluster.options(), "status", volume.id()).out())
                .startsWith(volume.id() + ": degraded (primary_silent)");
        assertThat(CommandRun.on(cluster.options(), "events", volume.id()).out())
                .contains("PrimarySilent", p + " was last heard at ");
        assertThat(cluster.metric("keepup_watchdog_alarms_total{reason=\"primary_silent\"}"))
                .isOne();

        // when it is back, it is healthy again, by its own word
        volume.start(p);
        volume.awaitHealthyAt(1);
        volume.awaitHealthyAt(volume.burst(p, 20));
        assertThat(volume.sessions()).isEmpty();
        volume.assertEqualCopies(p, r1, r2);
    }
}
