package io.keepup.cli.scenario;

import static org.assertj.core.api.Assertions.assertThat;

import io.keepup.schemas.topic.Topics;
import io.keepup.v1.AckKind;
import io.keepup.v1.AssignmentDelivered;
import io.keepup.v1.BarrierConfirmed;
import io.keepup.v1.FailureReason;
import io.keepup.v1.Mode;
import io.keepup.v1.PrimarySilent;
import io.keepup.v1.ReadinessObserved;
import io.keepup.v1.RejectReason;
import io.keepup.v1.Rejected;
import io.keepup.v1.Role;
import io.keepup.v1.SessionCompleted;
import io.keepup.v1.SessionFailed;
import io.keepup.v1.SessionKind;
import io.keepup.v1.SessionPhase;
import io.keepup.v1.SessionProgress;
import io.keepup.v1.StartReceiver;
import io.keepup.v1.SyncAck;
import io.keepup.v1.SyncAckReceived;
import io.keepup.v1.VolumeProjection;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * A volume whose nodes are played by the test, so that they say exactly what the scenario needs, and nothing else moves;
 * the fold, Kafka, the registry, API and metrics are real.
 */
@Timeout(120)
class PlayedTest {

    private static final long EPOCH = 5;
    private static final long SYNC = 100;
    private static final long TAIL = 11;
    private static final long HEAD = 20;

    @RegisterExtension
    final VolumeUnderTest volume = new VolumeUnderTest(1 << 20);

    private final String p = volume.node("p");
    private final String r1 = volume.node("r1");
    private long session;

    /** A primary past its gates, with one replica that is told to rebuild. */
    @BeforeEach
    void a_rebuild_is_issued() {
        volume.assign(EPOCH, p, r1);
        volume.putEvent(new ReadinessObserved(volume.meta(p, EPOCH), true, null, true, true, null, "", null, null));
        volume.putEvent(new ReadinessObserved(volume.meta(r1, EPOCH), true, true, null, null, null, "", null, null));
        volume.putEvent(ack(p, EPOCH, r1, SYNC, 0));
        volume.awaitWatch("a rebuild", w -> w.sessions().size() == 1);
        session = volume.sessions().get(0).id();
        assertThat(volume.sessions().get(0).kind()).isEqualTo(SessionKind.rebuild);
        volume.awaitProjection("it", v -> v.getMode() == Mode.needs_rebuild);
    }

    @Test
    void S_V5_a_rebuild_done_without_durable_proof_is_not_healthy_until_a_barrier() {
        // when the rebuild is complete, and nothing says that its data is durable
        volume.putEvent(completed(p, EPOCH, r1, session, SessionKind.rebuild, 0, HEAD, true));

        // then only a proof is missing
        volume.awaitReason("awaiting_barrier_durability");
        assertThat(volume.projection().getHealthy()).isFalse();
        assertThat(volume.replica(r1).getSession().getKind()).isEqualTo(SessionKind.keepup);

        // when the barrier comes, the volume is healthy
        volume.putEvent(new BarrierConfirmed(volume.meta(p, EPOCH), HEAD));
        volume.awaitHealthyAt(HEAD);
        assertThat(volume.projection().getDurableLsn()).isEqualTo(HEAD);
    }

    @Test
    void S_V14_what_is_wrong_is_rejected_with_its_reason_counted_and_changes_nothing() {
        // given a live rebuild
        volume.putEvent(progress(session, SessionKind.rebuild, 7));
        volume.awaitProjection(
                "progress", v -> v.getReplicas().get(0).getSession().getProgress() == 7);
        VolumeProjection before = volume.projection();
        int shown = volume.seen().projections().size();
        Map<RejectReason, Double> counted = new EnumMap<>(RejectReason.class);
        for (RejectReason reason : RejectReason.values()) {
            if (reason != RejectReason.unknown) {
                counted.put(reason, count(reason));
            }
        }

        // when all that can be wrong with an event comes
        List<Wrong> wrong = List.of(
                new Wrong(RejectReason.stale_epoch, new BarrierConfirmed(volume.meta(p, EPOCH - 1), 1_000L)),
                new Wrong(RejectReason.stale_epoch, assignment(EPOCH - 1, r1, Role.primary)),
                new Wrong(RejectReason.future_epoch, new BarrierConfirmed(volume.meta(p, EPOCH + 1), 1_000L)),
                new Wrong(RejectReason.conflicting_assignment, assignment(EPOCH, p, Role.replica)),
                new Wrong(RejectReason.conflicting_assignment, assignment(EPOCH, volume.node("r9"), Role.primary)),
                new Wrong(
                        RejectReason.unknown_volume,
                        new ReadinessObserved(
                                volume.meta(volume.node("r9"), EPOCH), true, null, null, null, null, "", null, null)),
                new Wrong(RejectReason.unknown_replica, ack(p, EPOCH, volume.node("r9"), SYNC + 1, 0)),
                new Wrong(RejectReason.stale_sync, ack(p, EPOCH, r1, SYNC, HEAD)),
                new Wrong(RejectReason.stale_sync, ack(p, EPOCH, r1, SYNC - 1, HEAD)),
                new Wrong(RejectReason.stale_session, progress(session + 1, SessionKind.rebuild, 9)),
                new Wrong(RejectReason.stale_session, progress(session, SessionKind.catchup, 9)),
                new Wrong(
                        RejectReason.stale_session,
                        completed(p, EPOCH, r1, session - 1, SessionKind.rebuild, HEAD, HEAD, true)),
                new Wrong(
                        RejectReason.stale_session,
                        completed(p, EPOCH, r1, session, SessionKind.catchup, HEAD, HEAD, true)),
                new Wrong(RejectReason.stale_session, failed(session + 1, SessionKind.rebuild)),
                new Wrong(RejectReason.stale_session, failed(session, SessionKind.catchup)),
                new Wrong(
                        RejectReason.incomplete_session,
                        completed(p, EPOCH, r1, session, SessionKind.rebuild, HEAD - 1, HEAD - 1, true)),
                new Wrong(
                        RejectReason.incomplete_session,
                        completed(p, EPOCH, r1, session, SessionKind.rebuild, HEAD, HEAD, false)),
                new Wrong(RejectReason.invalid_facts, new BarrierConfirmed(volume.meta(p, EPOCH), -1L)),
                new Wrong(RejectReason.stale_sync, new PrimarySilent(volume.meta(p, EPOCH), SYNC - 1, Instant.now())),
                new Wrong(RejectReason.not_primary, new PrimarySilent(volume.meta(r1, EPOCH), SYNC, Instant.now())),
                new Wrong(
                        RejectReason.invalid_facts,
                        SyncAckReceived.newBuilder(ack(p, EPOCH, r1, SYNC + 1, HEAD))
                                .setPrimaryWalTail(HEAD + 2)
                                .build()),
                new Wrong(RejectReason.not_primary, new BarrierConfirmed(volume.meta(r1, EPOCH), HEAD)),
                new Wrong(RejectReason.not_primary, ack(r1, EPOCH, r1, SYNC + 1, HEAD)));
        wrong.forEach(w -> volume.putEvent(w.event));
        volume.putEvent(volume.encode(Topics.COMMANDS_NODE, new StartReceiver(volume.meta(p, EPOCH), 1)));
        volume.putEvent("no event at all".getBytes(StandardCharsets.UTF_8));
        volume.cluster().put(new ProducerRecord<>(Topics.EVENTS, volume.key(), null));

        // then each is kept whole with its reason, in order, and counted
        volume.awaitWatch("all to be rejected", w -> w.rejected().count() == wrong.size() + 3);
        List<Rejected> rejected = volume.rejected();
        for (int i = 0; i < wrong.size(); i++) {
            Rejected kept = rejected.get(i);
            assertThat(kept.getReason()).as(wrong.get(i).event.toString()).isEqualTo(wrong.get(i).reason);
            assertThat(kept.getValue()).isEqualTo(ByteBuffer.wrap(volume.encode(Topics.EVENTS, wrong.get(i).event)));
            assertThat(kept.getTopic()).isEqualTo(Topics.EVENTS);
            assertThat(kept.getDetail()).isNotBlank();
        }
        assertThat(rejected.subList(wrong.size(), wrong.size() + 3))
                .extracting(Rejected::getReason)
                .containsExactly(RejectReason.wrong_type, RejectReason.undecodable, RejectReason.null_value);
        counted.forEach((reason, count) -> assertThat(count(reason) - count)
                .as("growth of keepup_rejected_total of " + reason)
                .isEqualTo(
                        rejected.stream().filter(r -> r.getReason() == reason).count()));

        // and nothing has changed, nor been commanded
        assertThat(volume.projection()).isEqualTo(before);
        assertThat(volume.seen().projections()).hasSize(shown);
        assertThat(volume.sessions()).hasSize(1);

        // the live session goes on as if nothing had been said
        volume.putEvent(completed(p, EPOCH, r1, session, SessionKind.rebuild, HEAD, HEAD, true));
        volume.awaitHealthyAt(HEAD);
    }

    /** An event that the guard must refuse, and why. */
    private record Wrong(RejectReason reason, SpecificRecord event) {}

    private double count(RejectReason reason) {
        return volume.cluster().metric("keepup_rejected_total{reason=\"%s\"}".formatted(reason));
    }

    private AssignmentDelivered assignment(long epoch, String nodeId, Role role) {
        return new AssignmentDelivered(volume.meta(nodeId, epoch), role, List.of(), 0L, 0);
    }

    private SyncAckReceived ack(String nodeId, long epoch, String replicaId, long syncId, long applied) {
        SyncAck ack = new SyncAck(applied, applied, applied, 1L, true, null, AckKind.quorum, false, null, 0L);
        return new SyncAckReceived(volume.meta(nodeId, epoch), replicaId, syncId, ack, TAIL, HEAD, 0L, 0L);
    }

    private SessionProgress progress(long sessionId, SessionKind kind, long lsn) {
        return new SessionProgress(
                volume.meta(p, EPOCH), r1, sessionId, kind, SessionPhase.running, lsn, lsn, 1L, 256L, 4096L, null);
    }

    private SessionFailed failed(long sessionId, SessionKind kind) {
        return new SessionFailed(
                volume.meta(p, EPOCH), r1, sessionId, kind, FailureReason.cancelled, "", null, 0L, 0L, 0L, 0L, 0L, -1L);
    }

    private SessionCompleted completed(
            String nodeId,
            long epoch,
            String replicaId,
            long sessionId,
            SessionKind kind,
            long durable,
            long achieved,
            boolean base) {
        return new SessionCompleted(
                volume.meta(nodeId, epoch),
                replicaId,
                sessionId,
                kind,
                durable,
                achieved,
                base,
                0L,
                0L,
                0L,
                0L,
                null,
                0L);
    }
}
