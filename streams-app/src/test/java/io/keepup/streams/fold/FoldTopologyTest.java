package io.keepup.streams.fold;

import static org.assertj.core.api.Assertions.assertThat;

import io.keepup.engine.Engine;
import io.keepup.schemas.codec.CloudEventHeaders;
import io.keepup.schemas.topic.Topics;
import io.keepup.streams.Events;
import io.keepup.streams.RandomHistory;
import io.keepup.streams.fold.FoldHarness.Out;
import io.keepup.v1.AckKind;
import io.keepup.v1.ApplyRole;
import io.keepup.v1.CancelSession;
import io.keepup.v1.FailureReason;
import io.keepup.v1.IssueCatchUp;
import io.keepup.v1.IssueRebuild;
import io.keepup.v1.Mode;
import io.keepup.v1.Role;
import io.keepup.v1.SessionCause;
import io.keepup.v1.SessionKind;
import io.keepup.v1.SessionState;
import io.keepup.v1.VolumeProjection;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.apache.avro.specific.SpecificRecord;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FoldTopologyTest {

    @TempDir
    Path directory;

    private final Events events = new Events("vol-1");
    private FoldHarness fold;

    @BeforeEach
    void open() {
        fold = new FoldHarness(directory.resolve("first"));
    }

    @AfterEach
    void close() {
        fold.close();
    }

    @Test
    void E1_an_assignment_sends_its_commands_to_the_node_it_names() {
        List<Out> primary = fold.send(events.primary(1, "vs-2"));
        assertThat(on(Topics.COMMANDS_NODE, primary)).extracting(Out::key).containsOnly("vs-1");
        assertThat(on(Topics.COMMANDS_NODE, primary))
                .extracting(o -> o.value().getSchema().getName())
                .containsExactly("ApplyRole", "ConfigureShipper");
        ApplyRole role = on(Topics.COMMANDS_NODE, primary).get(0).as(ApplyRole.class);
        assertThat(role.getRole()).isEqualTo(Role.primary);
        assertThat(role.getSizeBytes()).isEqualTo(64 << 20);
        assertThat(role.getMeta().getNodeId()).isEqualTo("vs-1");
        assertThat(role.getMeta().getSource()).isEqualTo("engine/safe");

        List<Out> replica = fold.send(events.replica("vs-2", 1));
        assertThat(on(Topics.COMMANDS_NODE, replica)).extracting(Out::key).containsOnly("vs-2");
        assertThat(on(Topics.COMMANDS_NODE, replica))
                .extracting(o -> o.value().getSchema().getName())
                .containsExactly("ApplyRole", "StartReceiver");
    }

    @Test
    void E5_a_session_command_goes_to_the_replica_and_to_the_primary_with_the_facts_it_was_decided_from() {
        fold.send(events.primary(1, "vs-2"));
        List<Out> outs = on(Topics.COMMANDS_SESSION, fold.send(events.ack("vs-2", 1, 1, 40, 10, 100)));
        assertThat(outs).extracting(Out::key).containsExactly("vs-2", "vs-1");
        assertThat(outs)
                .extracting(o -> o.as(IssueCatchUp.class).getMeta().getNodeId())
                .containsExactly("vs-2", "vs-1");
        assertThat(outs).extracting(o -> o.headers().get(CloudEventHeaders.ID)).doesNotHaveDuplicates();
        IssueCatchUp command = outs.get(0).as(IssueCatchUp.class);
        assertThat(command.getSessionId()).isEqualTo(1);
        assertThat(command.getStartLsn()).isEqualTo(40);
        assertThat(command.getTargetLsn()).isEqualTo(100);
        assertThat(command.getCause()).isEqualTo(SessionCause.behind);
        assertThat(command.getFacts().getPrimaryWalTail()).isEqualTo(10);
        assertThat(outs.get(1).as(IssueCatchUp.class).getSessionId()).isEqualTo(command.getSessionId());
    }

    @Test
    void S_V12_a_wish_takes_the_session_path_and_is_shown() {
        fold.send(events.primary(1, "vs-2"));
        fold.send(events.ack("vs-2", 1, 1, 40, 10, 100));
        var wish = events.rebuildWish("vs-2", 1);

        List<Out> outs = fold.send(wish);

        assertThat(on(Topics.COMMANDS_SESSION, outs))
                .extracting(o -> o.value().getSchema().getName() + "@" + o.key())
                .containsExactly("CancelSession@vs-2", "CancelSession@vs-1", "IssueRebuild@vs-2", "IssueRebuild@vs-1");
        IssueRebuild rebuild = on(Topics.COMMANDS_SESSION, outs).get(2).as(IssueRebuild.class);
        assertThat(rebuild.getCause()).isEqualTo(SessionCause.operator_request);
        assertThat(rebuild.getFacts().getReplicaLsn()).isEqualTo(40);
        VolumeProjection shown = on(Topics.PROJECTIONS, outs).get(0).as(VolumeProjection.class);
        assertThat(shown.getMode()).isEqualTo(Mode.needs_rebuild);
        assertThat(shown.getReplicas().get(0).getSession().getCause()).isEqualTo(SessionCause.operator_request);
        assertThat(on(Topics.REJECTED, fold.send(wish))).as("delivered again").hasSize(1);

        List<Out> cancelled = fold.send(events.cancelWish("vs-2", 1, 2));
        assertThat(on(Topics.COMMANDS_SESSION, cancelled))
                .extracting(o -> o.as(CancelSession.class).getReason())
                .containsOnly(FailureReason.cancelled);
        assertThat(on(Topics.PROJECTIONS, cancelled)
                        .get(0)
                        .as(VolumeProjection.class)
                        .getReason())
                .isEqualTo("cancelled");
    }

    @Test
    void times_in_outputs_come_from_the_event() {
        fold.send(events.primary(1, "vs-2"));
        var ack = events.ack("vs-2", 1, 1, 5, 10, 100);
        IssueRebuild rebuild =
                on(Topics.COMMANDS_SESSION, fold.send(ack)).get(0).as(IssueRebuild.class);
        assertThat(rebuild.getMeta().getOccurredAt()).isEqualTo(ack.getMeta().getOccurredAt());
        assertThat(rebuild.getDeadline())
                .as("no clock comes there [A11]")
                .isEqualTo(java.time.Instant.parse("9999-12-31T00:00:00Z"));
    }

    @Test
    void outputs_say_in_their_headers_what_they_are_and_what_caused_them() {
        fold.send(events.primary(1, "vs-2"));
        for (Out out : fold.send(events.ack("vs-2", 1, 1, 40, 10, 100))) {
            assertThat(out.headers())
                    .containsEntry(
                            CloudEventHeaders.TYPE, out.value().getSchema().getFullName())
                    .containsEntry(CloudEventHeaders.SOURCE, "/keepup/engine/safe")
                    .containsEntry(CloudEventHeaders.SPEC_VERSION, "1.0")
                    .containsEntry(CloudEventHeaders.CAUSE_TOPIC, Topics.EVENTS)
                    .containsEntry(CloudEventHeaders.CAUSE_PARTITION, "0")
                    .containsEntry(CloudEventHeaders.CAUSE_OFFSET, "1");
        }
    }

    @Test
    void everything_the_fold_puts_out_says_which_engine_decided_it() {
        List<Out> outs = new ArrayList<>(fold.send(events.primary(1, "vs-2")));
        outs.addAll(fold.send(events.replica("vs-2", 1)));
        outs.addAll(fold.send(events.ack("vs-2", 1, 1, 40, 10, 100)));
        outs.addAll(fold.send(events.cancelWish("vs-2", 1, 1)));
        outs.addAll(fold.send(events.ack("vs-2", 1, 2, 5, 10, 100)));
        outs.addAll(fold.send(events.barrier(7, 1)));
        assertThat(outs)
                .extracting(o -> o.value().getSchema().getName())
                .contains("ApplyRole", "ConfigureShipper", "StartReceiver", "IssueCatchUp", "IssueRebuild")
                .contains("CancelSession", "VolumeProjection", "Rejected");
        assertThat(outs).allSatisfy(o -> assertThat(o.value()
                        .get(o.value().getSchema().getField("engineVersion").pos()))
                .as(o.value().getSchema().getName())
                .isEqualTo(Engine.VERSION));
    }

    @Test
    void the_projection_shows_the_primarys_view_and_every_node() {
        fold.send(events.primary(1, "vs-2", "vs-3"));
        fold.send(events.replica("vs-2", 1));
        fold.send(events.primaryReady(1));
        Out out = on(Topics.PROJECTIONS, fold.send(events.ack("vs-2", 1, 1, 40, 10, 100)))
                .get(0);
        VolumeProjection volume = out.as(VolumeProjection.class);
        assertThat(out.key()).isEqualTo("vol-1");
        assertThat(volume.getMode()).isEqualTo(Mode.bootstrap_pending);
        assertThat(volume.getReason()).isEqualTo("recovery_in_progress");
        assertThat(volume.getHealthy()).isFalse();
        assertThat(volume.getPrimaryId()).isEqualTo("vs-1");
        assertThat(volume.getWalHead()).isEqualTo(100);
        assertThat(volume.getWalTail()).isEqualTo(10);
        assertThat(volume.getSizeBytes()).isEqualTo(64 << 20);
        assertThat(volume.getReplicas()).extracting(r -> r.getReplicaId()).containsExactly("vs-2", "vs-3");
        assertThat(volume.getReplicas().get(0).getLastSyncAck().getAckKind()).isEqualTo(AckKind.quorum);
        assertThat(volume.getReplicas().get(0).getSession().getKind()).isEqualTo(SessionKind.catchup);
        assertThat(volume.getReplicas().get(0).getSession().getState()).isEqualTo(SessionState.issued);
        assertThat(volume.getReplicas().get(1).getLastSyncAck())
                .as("never heard")
                .isNull();
        assertThat(volume.getNodes()).extracting(n -> n.getNodeId()).containsExactly("vs-1", "vs-2");
        assertThat(volume.getNodes().get(1).getReason()).isEqualTo("awaiting_role_apply");
    }

    @Test
    void a_projection_is_published_only_when_its_content_changed() {
        fold.send(events.primary(1, "vs-2"));
        assertThat(on(Topics.PROJECTIONS, fold.send(events.primaryReady(1)))).hasSize(1);
        assertThat(fold.send(events.primaryReady(1))).as("the same flags again").isEmpty();
        assertThat(on(Topics.PROJECTIONS, fold.send(events.ack("vs-2", 1, 1, 100, 10, 100))))
                .hasSize(1);
        assertThat(fold.send(events.ack("vs-2", 1, 2, 100, 10, 100)))
                .as("the same facts in a later sync")
                .isEmpty();
        assertThat(on(Topics.PROJECTIONS, fold.send(events.ack("vs-2", 1, 3, 101, 10, 101))))
                .hasSize(1);
    }

    @Test
    void an_event_that_changes_nothing_visible_is_still_remembered() {
        fold.send(events.primary(1, "vs-2"));
        fold.send(events.ack("vs-2", 1, 1, 100, 10, 100));
        byte[] before = fold.stored("vol-1");
        fold.send(events.ack("vs-2", 1, 2, 100, 10, 100));
        assertThat(fold.stored("vol-1")).isNotEqualTo(before); // the sync id, for [G5]
    }

    @Test
    void an_identical_assignment_again_emits_nothing() {
        var assignment = events.primary(1, "vs-2");
        fold.send(assignment);
        byte[] before = fold.stored("vol-1");
        assertThat(fold.send(assignment)).isEmpty();
        assertThat(fold.stored("vol-1")).isEqualTo(before);
    }

    @Test
    void invariant_1_a_replay_gives_the_same_bytes_and_no_output_id_stands_twice() {
        List<SpecificRecord> log = new ArrayList<>();
        for (long seed = 1; seed <= 10; seed++) {
            log.addAll(new RandomHistory("vol-" + seed, seed).next(150));
        }
        List<Out> first = new ArrayList<>();
        log.forEach(event -> first.addAll(fold.send(event)));
        List<Out> again = new ArrayList<>();
        try (FoldHarness replay = new FoldHarness(directory.resolve("again"))) {
            log.forEach(event -> again.addAll(replay.send(event)));
            for (long seed = 1; seed <= 10; seed++) {
                assertThat(replay.stored("vol-" + seed)).isEqualTo(fold.stored("vol-" + seed));
            }
        }
        assertThat(again).hasSameSizeAs(first);
        Set<String> ids = new HashSet<>();
        for (int i = 0; i < first.size(); i++) {
            Out out = first.get(i);
            assertThat(again.get(i).bytes()).as("output %d, %s", i, out.value()).isEqualTo(out.bytes());
            assertThat(again.get(i).headers()).isEqualTo(out.headers());
            assertThat(ids.add(out.headers().get(CloudEventHeaders.ID)))
                    .as("id of %s", out.value())
                    .isTrue();
        }
        for (String topic : FoldHarness.OUTPUTS) {
            assertThat(on(topic, first)).as(topic).hasSizeGreaterThan(20);
        }
    }

    @Test
    void while_the_registry_is_away_the_fold_waits_and_refuses_nothing() {
        byte[] event = fold.codec.encode(Topics.EVENTS, events.primary(1, "vs-2"));
        fold.registry.away(5);
        List<Out> outs = fold.send("vol-1", event);
        assertThat(on(Topics.REJECTED, outs)).isEmpty();
        assertThat(on(Topics.COMMANDS_NODE, outs)).hasSize(2);
        assertThat(fold.metrics.folded()).isEqualTo(1);
    }

    private static List<Out> on(String topic, List<Out> outs) {
        return outs.stream().filter(o -> o.topic().equals(topic)).toList();
    }
}
