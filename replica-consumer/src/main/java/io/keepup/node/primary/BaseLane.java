package io.keepup.node.primary;

import io.keepup.node.NodeContext;
import io.keepup.node.lane.LaneTopics;
import io.keepup.v1.IssueRebuild;
import io.keepup.volume.Volume;
import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The base lane of one primary volume: serves the rebuild sessions, each in its own task, and deletes a session's records
 * when it is over. Thread-safe.
 */
final class BaseLane implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(BaseLane.class);

    private final NodeContext context;
    private final Volume volume;
    private final String volumeId;
    private final Map<Long, BaseServer> serving = new ConcurrentSkipListMap<>();
    private volatile boolean closing;

    BaseLane(NodeContext context, Volume volume) {
        this.context = context;
        this.volume = volume;
        this.volumeId = volume.status().spec().volumeId();
    }

    /** Serves a session that is pinned already. */
    void serve(IssueRebuild command) {
        start(new BaseServer(
                context, volume, command.getMeta().getEpoch(), command.getSessionId(), command.getTargetLsn()));
    }

    /** Tells the replica of a session that was being served before a restart that its base will not come. */
    void abandon(long sessionId, long epoch) {
        start(BaseServer.abandoning(context, volume, epoch, sessionId));
    }

    private void start(BaseServer server) {
        serving.put(server.sessionId(), server);
        context.tasks().start("keepup-%s-base-%s-%d".formatted(context.nodeId(), volumeId, server.sessionId()), server);
    }

    /** A session is over: stop serving it and delete its records. */
    void ended(long sessionId) {
        BaseServer server = serving.remove(sessionId);
        if (server == null) {
            return;
        }
        server.stop();
        context.tasks()
                .start(
                        "keepup-%s-base-clear-%s-%d".formatted(context.nodeId(), volumeId, sessionId),
                        () -> clear(server));
    }

    private void clear(BaseServer ended) {
        try {
            ended.awaitEnd();
            // Records of a session that still runs stay, with all behind them.
            long before = ended.nextOffset();
            for (BaseServer other : serving.values()) {
                before = Math.min(before, other.firstOffset());
            }
            if (before > 0 && !closing) {
                context.lanes().delete(LaneTopics.base(volumeId), before);
            }
        } catch (RuntimeException e) {
            log.error("Volume {}: base records of session {} are not deleted", volumeId, ended.sessionId(), e);
        }
    }

    /** Begins to stop, without waiting. */
    void stop() {
        closing = true;
        serving.values().forEach(BaseServer::stop);
    }

    @Override
    public void close() {
        stop();
        serving.values().forEach(BaseServer::awaitEnd);
    }
}
