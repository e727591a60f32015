package io.keepup.node.replica;

import io.keepup.node.NodeContext;
import io.keepup.node.NodeCounter;
import io.keepup.node.NodeSettings;
import io.keepup.service.failure.RepeatedFailureLog;
import io.keepup.v1.AckKind;
import io.keepup.v1.FailureReason;
import io.keepup.v1.SyncAck;
import io.keepup.v1.SyncRequest;
import io.keepup.volume.VolumeStatus;
import java.time.Duration;
import java.util.function.Supplier;
import org.slf4j.LoggerFactory;

/**
 * Answers the syncs of one replica volume: as soon as the asked LSN is durable, at once when the volume cannot get there by
 * itself, at the deadline with what it has. Only the newest question counts. Not thread-safe.
 */
final class SyncAnswers {

    private static final RepeatedFailureLog failures =
            new RepeatedFailureLog(LoggerFactory.getLogger(SyncAnswers.class));

    /**
     * What an answer is made of.
     *
     * @param diskStopped the volume takes no changes: what it has may be whole, and nothing can be added to it [P9]
     * @param reachedLsn highest LSN that came; in a session the session's durable position, which its pin follows [N2]
     * @param sessionId newest session known, running or over: the primary tells from it that a session has ended
     * @param following whether the asked LSN can come by itself
     * @param baseChunks of the base of a rebuild under way, applied without gap from the first on
     */
    record Facts(
            VolumeStatus status,
            boolean diskStopped,
            long reachedLsn,
            boolean sessionActive,
            Long sessionId,
            boolean following,
            long baseChunks) {}

    private final NodeContext context;
    private final String volumeId;
    private final long epoch;
    private SyncRequest open;
    /** At which uptime, ms, the open question is answered with what there is. */
    private long due;

    SyncAnswers(NodeContext context, String volumeId, long epoch) {
        this.context = context;
        this.volumeId = volumeId;
        this.epoch = epoch;
    }

    void asked(SyncRequest request, Supplier<Facts> facts) {
        if (request.getMeta().getEpoch() != epoch) {
            if (request.getMeta().getEpoch() < epoch) {
                context.metrics().count(NodeCounter.STALE_EPOCH);
            }
            failures.warn(
                    "another epoch",
                    "Volume %s: %s asks in epoch %s, the volume is at %s"
                            .formatted(
                                    volumeId,
                                    request.getPrimaryId(),
                                    request.getMeta().getEpoch(),
                                    epoch));
            SyncAck mismatch = new SyncAck(0L, 0L, 0L, 0L, false, null, AckKind.epoch_mismatch, false, null, 0L);
            context.events().answer(volumeId, epoch, request.getPrimaryId(), request.getSyncId(), mismatch, 0);
            return;
        }
        open = request;
        due = context.uptimeMs() + wait(request).toMillis();
        durable(facts);
    }

    private Duration wait(SyncRequest request) {
        return request.getWaitMs() > 0
                ? Duration.ofMillis(request.getWaitMs())
                : context.settings().get(NodeSettings.SYNC_DEADLINE);
    }

    /** Something changed: answer if that was waited for. */
    void durable(Supplier<Facts> facts) {
        if (open == null) {
            return;
        }
        Facts now = facts.get();
        if (now.status.durableLsn() >= open.getTargetLsn() || !now.following) {
            answer(now);
        }
    }

    void tick(Supplier<Facts> facts) {
        if (open != null && context.uptimeMs() >= due) {
            answer(facts.get());
        }
    }

    private void answer(Facts facts) {
        SyncRequest request = open;
        open = null;
        VolumeStatus status = facts.status;
        FailureReason damage = status.fault() == null ? null : FailureReasons.of(status.fault());
        SyncAck ack = new SyncAck(
                status.durableLsn(),
                status.appliedLsn(),
                facts.reachedLsn,
                status.walTail(),
                status.recoverable() && !facts.diskStopped,
                damage == null && facts.diskStopped ? FailureReason.disk_failed : damage,
                AckKind.quorum,
                facts.sessionActive,
                facts.sessionId,
                status.appliedEpoch());
        context.metrics().count(NodeCounter.SYNCS_ANSWERED);
        context.events().answer(volumeId, epoch, request.getPrimaryId(), request.getSyncId(), ack, facts.baseChunks);
    }
}
