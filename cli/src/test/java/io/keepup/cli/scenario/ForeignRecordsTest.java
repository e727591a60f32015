package io.keepup.cli.scenario;

import static io.keepup.cli.scenario.VolumeUnderTest.waitFor;
import static org.assertj.core.api.Assertions.assertThat;

import io.keepup.cli.CommandRun;
import io.keepup.schemas.topic.Topics;
import io.keepup.v1.ProjectionOverwritten;
import io.keepup.v1.RejectReason;
import io.keepup.v1.VolumeProjection;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What other teams write on Keepup's topics by mistake, on a cluster of its own. */
@Timeout(300)
class ForeignRecordsTest {

    private static final byte[] FOREIGN = "{\"hello\":\"team\"}".getBytes(StandardCharsets.UTF_8);

    @RegisterExtension
    final VolumeUnderTest volume = new VolumeUnderTest(8 << 20, SharedCluster::ofClass);

    private final String p = volume.node("p");
    private final String r1 = volume.node("r1");

    @BeforeEach
    void a_volume() {
        volume.cluster().stopFolds();
        volume.cluster().startFold("a", Map.of());
        volume.assign(1, p, r1);
        volume.awaitProjection("both members", v -> v.getNodes().size() == 2);
    }

    private record Run(CommandRun run, String notes) {}

    /** A command with what it writes on the real standard error. */
    private Run run(Object... arguments) {
        ByteArrayOutputStream notes = new ByteArrayOutputStream();
        PrintStream before = System.err;
        System.setErr(new PrintStream(notes, true, StandardCharsets.UTF_8));
        try {
            CommandRun run = CommandRun.on(volume.cluster().options(), arguments);
            return new Run(run, notes.toString(StandardCharsets.UTF_8));
        } finally {
            System.setErr(before);
        }
    }

    private void put(String topic, String key, byte[] value) {
        volume.cluster().put(new ProducerRecord<>(topic, key.getBytes(StandardCharsets.UTF_8), value));
    }

    private static void assertOk(Run ran) {
        assertThat(ran.run.exit()).as(ran.run.err() + ran.notes).isZero();
    }

    @Test
    void S_F4_records_of_another_team_take_no_volume_from_its_operator() {
        for (String topic : new String[] {Topics.PROJECTIONS, Topics.SESSIONS}) {
            for (int i = 0; i < 40; i++) { // some in every partition
                put(topic, "theirs-" + i, FOREIGN);
            }
        }

        Run all = run("status");
        assertOk(all);
        assertThat(all.run.out()).contains(volume.id());
        assertThat(all.notes)
                .startsWith("note: passed over 40 records of " + Topics.PROJECTIONS
                        + " that cannot be read, the first at ");
        Run own = run("status", volume.id());
        assertOk(own);
        assertThat(own.run.out()).startsWith(volume.id() + ": ");
        assertOk(run("sessions", "--volume", volume.id()));
        assertOk(run("events", volume.id()));
        assertOk(run("assign", volume.id(), "--epoch", 2, "--primary", p, "--replica", r1));
        assertOk(run("rebuild", volume.id(), r1, "--why", "test"));
    }

    @Test
    void S_F4_a_projection_that_somebody_overwrites_or_deletes_is_published_again() {
        VolumeProjection right = volume.projection();

        put(Topics.PROJECTIONS, volume.id(), FOREIGN);
        awaitPublishedAgain(1, right);
        put(Topics.PROJECTIONS, volume.id(), null);
        awaitPublishedAgain(2, right);

        // deleted, and the tombstone too, while no fold runs
        volume.cluster().stopFolds();
        put(Topics.PROJECTIONS, volume.id(), null);
        volume.cluster().startFold("b", Map.of());
        awaitPublishedAgain(3, right);

        assertThat(run("status", volume.id()).run.out()).startsWith(volume.id() + ": ");
        assertThat(run("events", volume.id()).run.out())
                .contains("ProjectionOverwritten", "the projection was overwritten or deleted at offset ");
        assertThat(volume.rejected()).isEmpty();
    }

    private void awaitPublishedAgain(int times, VolumeProjection right) {
        waitFor("the projection to be published again").untilAsserted(() -> {
            assertThat(volume.seen().values(ProjectionOverwritten.class)).hasSize(times);
            assertThat(volume.projection()).isNotNull();
            assertThat(volume.projection().getMeta().getEventId()).contains("/projection_overwritten/");
        });
        VolumeProjection again = volume.projection();
        assertThat(VolumeProjection.newBuilder(again).setMeta(right.getMeta()).build())
                .isEqualTo(right);
        waitFor("the API to show it")
                .untilAsserted(
                        () -> assertThat(volume.api().path("volumeId").asText()).isEqualTo(volume.id()));
    }

    @Test
    void S_F16_a_key_of_any_length_is_shown_as_a_short_piece_of_one_line() {
        String key = "k".repeat(100_000);
        put(Topics.EVENTS, key, FOREIGN);
        volume.settle();

        Run audit = run("audit", "--all", "--verify");

        assertThat(audit.run.out()).contains("k".repeat(40) + "… (100000 bytes)");
        assertThat((audit.run.out() + audit.run.err() + audit.notes).lines())
                .allSatisfy(line -> assertThat(line.length()).isLessThan(400));
        assertThat(volume.rejected()).extracting(r -> r.getReason()).doesNotContain(RejectReason.too_large);
    }
}
