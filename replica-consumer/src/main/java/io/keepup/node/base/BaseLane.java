package io.keepup.node.base;

import io.keepup.node.NodeContext;
import io.keepup.node.NodeSettings;
import io.keepup.node.lane.LaneTopics;
import io.keepup.service.failure.RepeatedFailureLog;
import io.keepup.v1.IssueRebuild;
import io.keepup.v1.SyncAnswer;
import io.keepup.volume.Volume;
import io.keepup.volume.VolumeSpec;
import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.slf4j.LoggerFactory;

/**
 * The base lane of one primary volume: serves the rebuild sessions, each in its own task, and deletes what of the lane
 * nobody needs any more, while a base is on its way and after it. Thread-safe.
 */
public final class BaseLane implements AutoCloseable {

    private static final RepeatedFailureLog failures = new RepeatedFailureLog(LoggerFactory.getLogger(BaseLane.class));
    private static final int LEAST_CHUNK_BYTES = 64 << 10;
    private static final int CHUNKS_PER_SECOND = 8;

    private final NodeContext context;
    private final Volume volume;
    private final VolumeSpec spec;
    private final Consumer<String> askReplica;
    /** Consumed records are deleted when they are so many bytes. */
    private final long step;

    private final Map<Long, BaseServer> serving = new ConcurrentSkipListMap<>();
    private final AtomicBoolean deleting = new AtomicBoolean();
    private final AtomicLong consumed = new AtomicLong();
    private volatile boolean closing;

    /** @param askReplica has a replica asked soon where it stands */
    public BaseLane(NodeContext context, Volume volume, Consumer<String> askReplica) {
        this.context = context;
        this.volume = volume;
        this.spec = volume.status().spec();
        this.askReplica = askReplica;
        this.step = context.settings().get(NodeSettings.BASE_WINDOW_BYTES) / 4;
    }

    /** Serves a session that is pinned already. */
    public void serve(IssueRebuild command) {
        long epoch = command.getMeta().getEpoch();
        long sessionId = command.getSessionId();
        BaseSource source = new ExtentSource(volume, sessionId, epoch, chunkBytes());
        start(epoch, sessionId, command.getReplicaId(), command.getTargetLsn(), source);
    }

    /** Less where the node's rate is limited: many bases that share it must each show now and then that they get on. */
    private int chunkBytes() {
        int most = context.settings().get(NodeSettings.BASE_CHUNK_BYTES);
        long rate = context.limits().values().bytesPerSecond();
        return rate == 0 ? most : (int) Math.min(most, Math.max(LEAST_CHUNK_BYTES, rate / CHUNKS_PER_SECOND));
    }

    /** Tells the replica of a session that was being served before a restart that its base will not come. */
    public void abandon(long sessionId, String replicaId, long epoch) {
        start(epoch, sessionId, replicaId, 0, null);
    }

    private void start(long epoch, long sessionId, String replicaId, long targetLsn, BaseSource source) {
        BaseStream stream =
                new BaseStream(context, spec.volumeId(), epoch, sessionId, () -> askReplica.accept(replicaId));
        BaseServer server = new BaseServer(context, spec, epoch, sessionId, targetLsn, source, stream);
        serving.put(sessionId, server);
        context.tasks().start("keepup-%s-base-%s-%s".formatted(context.nodeId(), spec.volumeId(), sessionId), server);
    }

    /** What a replica in a session says of its base. */
    public void heard(SyncAnswer answer) {
        Long sessionId = answer.getAck().getSessionId();
        BaseServer server = sessionId == null ? null : serving.get(sessionId);
        if (server == null || !answer.getAck().getSessionActive()) {
            return;
        }
        long done = server.stream().applied(answer.getBaseChunks());
        if (consumed.addAndGet(done) >= step && deleting.compareAndSet(false, true)) {
            consumed.set(0);
            context.tasks().start(taskName("delete", sessionId), this::deleteConsumed);
        }
    }

    /** A session is over: stop serving it and delete its records. */
    public void ended(long sessionId) {
        BaseServer server = serving.remove(sessionId);
        if (server == null) {
            return;
        }
        server.stream().stop();
        context.tasks().start(taskName("clear", sessionId), () -> clear(server));
    }

    private String taskName(String what, long sessionId) {
        return "keepup-%s-base-%s-%s-%s".formatted(context.nodeId(), what, spec.volumeId(), sessionId);
    }

    private void deleteConsumed() {
        try {
            delete(neededFrom(0));
        } catch (RuntimeException e) {
            failures.warn(
                    "not deleted",
                    "Volume %s: consumed base records are not deleted yet: %s"
                            .formatted(spec.volumeId(), e.getMessage()));
        } finally {
            deleting.set(false);
        }
    }

    private void clear(BaseServer ended) {
        try {
            ended.awaitEnd();
            delete(neededFrom(ended.stream().nextOffset()));
        } catch (RuntimeException e) {
            failures.error(
                    "not deleted",
                    "Volume %s: base records of session %s are not deleted"
                            .formatted(spec.volumeId(), ended.sessionId()),
                    e);
        }
    }

    /** First offset that a session still needs: its records stay, with all behind them. Without sessions {@code otherwise}. */
    private long neededFrom(long otherwise) {
        return serving.values().stream()
                .mapToLong(server -> server.stream().neededFrom())
                .min()
                .orElse(otherwise);
    }

    private void delete(long before) {
        if (before > 0 && !closing) {
            context.lanes().delete(LaneTopics.base(spec.volumeId()), before);
        }
    }

    /** Begins to stop, without waiting. */
    public void stop() {
        closing = true;
        serving.values().forEach(server -> server.stream().stop());
    }

    @Override
    public void close() {
        stop();
        serving.values().forEach(BaseServer::awaitEnd);
    }
}
