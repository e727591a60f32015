package io.keepup.node;

import io.keepup.node.command.CommandIntake;
import io.keepup.node.hosting.VolumeHost;
import io.keepup.node.sync.SyncInbox;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A node's logic without its surroundings: volumes, commands, syncs, lanes, in whatever world its context gives it.
 * {@link StorageNode} is one in the real world.
 */
public final class NodeCore implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(NodeCore.class);

    private final NodeContext context;
    /** What was started, newest first. */
    private final Deque<AutoCloseable> running = new ArrayDeque<>();

    private VolumeHost host;

    private NodeCore(NodeContext context) {
        this.context = context;
        running.push(context.events());
    }

    /**
     * Opens the volumes on disk; nothing runs yet.
     *
     * @param volumes directory of the volumes, made when absent
     * @param notes directory of the notes, made when absent
     */
    public static NodeCore open(NodeContext context, Path volumes, Path notes) {
        NodeCore core = new NodeCore(context);
        try {
            core.host = core.started(new VolumeHost(context, volumes, notes));
            core.host.openAll();
            return core;
        } catch (RuntimeException | Error e) {
            core.close();
            throw e;
        }
    }

    /**
     * Goes on in the roles found on disk and begins to take commands; returns when the roles are said. To be called once.
     */
    public void start() {
        SyncInbox inbox = started(new SyncInbox(context, host));
        CommandIntake intake = started(new CommandIntake(context, host));
        host.start();
        inbox.start();
        intake.start();
    }

    private <T extends AutoCloseable> T started(T part) {
        running.push(part);
        return part;
    }

    /** The volumes. */
    public VolumeHost host() {
        return host;
    }

    public NodeMetrics metrics() {
        return context.metrics();
    }

    /** Lets go who waits for a broker that is away: nothing more is said. */
    public void stop() {
        context.events().stop();
    }

    /** Stops everything and waits for it; sessions are left as a crash would leave them [R9]. A second call does nothing. */
    @Override
    public void close() {
        stop();
        while (!running.isEmpty()) {
            AutoCloseable part = running.pop();
            try {
                part.close();
            } catch (Exception e) {
                log.error("Node {}: {} does not close", context.nodeId(), part, e);
            }
        }
    }
}
