package io.keepup.streams.mapping;

import io.keepup.engine.Engine;
import io.keepup.engine.VolumeOverview;
import io.keepup.engine.message.Pace;
import io.keepup.engine.message.SyncAck;
import io.keepup.engine.state.NodeCondition;
import io.keepup.engine.state.Readiness;
import io.keepup.engine.state.ReplicaView;
import io.keepup.engine.state.Session;
import io.keepup.engine.state.View;
import io.keepup.engine.state.VolumeState;
import io.keepup.v1.Meta;
import io.keepup.v1.NodeView;
import io.keepup.v1.SessionPace;
import io.keepup.v1.SessionView;
import io.keepup.v1.VolumeProjection;
import java.util.ArrayList;
import java.util.List;

/** A volume's state as the world sees it: the primary's view of its replicas, and every node with its own mode. */
public final class ProjectionMapping {

    private ProjectionMapping() {}

    /** The projection record of a volume; equal overviews and metas give equal records. */
    public static VolumeProjection toWire(VolumeOverview volume, Meta meta) {
        return new VolumeProjection(
                meta,
                WireWords.MODE.avro(volume.projection().mode()),
                volume.projection().reason(),
                volume.projection().healthy(),
                volume.primaryId(),
                volume.sizeBytes(),
                volume.blockSize(),
                volume.walTail(),
                volume.walHead(),
                volume.durableLsn(),
                replicas(volume),
                nodes(volume),
                Engine.VERSION,
                volume.detail());
    }

    /**
     * Whether some number that the record says of the primary or its replicas differs: cheap, and most events move one. If
     * none does, the records themselves have to be compared.
     */
    public static boolean numbersDiffer(VolumeState before, VolumeState after) {
        View one = before.primaryView();
        View other = after.primaryView();
        if (one == null || other == null) {
            return false;
        }
        if (one.walTail() != other.walTail()
                || one.walHead() != other.walHead()
                || one.durableLsn() != other.durableLsn()
                || one.replicas().size() != other.replicas().size()) {
            return true;
        }
        for (int i = 0; i < one.replicas().size(); i++) {
            if (numbersDiffer(
                    one.replicas().at(i).session(), other.replicas().at(i).session())) {
                return true;
            }
        }
        return false;
    }

    private static boolean numbersDiffer(Session one, Session other) {
        return one != other
                && (one.id() != other.id()
                        || one.targetLsn() != other.targetLsn()
                        || one.progress() != other.progress()
                        || one.bytes() != other.bytes());
    }

    private static List<NodeView> nodes(VolumeOverview volume) {
        List<NodeView> nodes = new ArrayList<>(volume.nodes().size());
        volume.nodes().forEach(node -> nodes.add(node(node)));
        return nodes;
    }

    private static List<io.keepup.v1.ReplicaView> replicas(VolumeOverview volume) {
        List<io.keepup.v1.ReplicaView> replicas =
                new ArrayList<>(volume.replicas().size());
        for (ReplicaView replica : volume.replicas()) {
            replicas.add(new io.keepup.v1.ReplicaView(
                    replica.endpoint().replicaId(),
                    replica.endpoint().dataAddr(),
                    replica.endpoint().ctrlAddr(),
                    replica.lastSyncId() == 0 ? null : ack(replica.lastSyncAck()),
                    session(replica.session()),
                    replica.streak().failures(),
                    replica.streak().pauseMs()));
        }
        return replicas;
    }

    private static NodeView node(VolumeOverview.NodeOverview node) {
        NodeCondition copy = node.view().condition();
        return new NodeView(
                node.view().nodeId(),
                WireWords.ROLE.avro(node.view().role()),
                node.view().epoch(),
                WireWords.MODE.avro(node.projection().mode()),
                node.projection().reason(),
                readiness(node.view().readiness()),
                copy.faulty() ? WireWords.NODE_FAULT.avro(copy.fault()) : null,
                copy.detail(),
                copy.sizeBytes(),
                copy.blockSize());
    }

    private static io.keepup.v1.Readiness readiness(Readiness readiness) {
        return new io.keepup.v1.Readiness(
                readiness.assigned(),
                readiness.roleApplied(),
                readiness.receiverReady(),
                readiness.shipperConfigured(),
                readiness.shipperConnected());
    }

    private static io.keepup.v1.SyncAck ack(SyncAck ack) {
        return new io.keepup.v1.SyncAck(
                ack.durableLsn(),
                ack.appliedLsn(),
                ack.receivedLsn(),
                ack.walTail(),
                ack.recoverable(),
                WireWords.FAILURE.avro(ack.reason()),
                WireWords.ACK_KIND.avro(ack.ackKind()),
                ack.sessionActive(),
                ack.sessionId() == 0 ? null : ack.sessionId(),
                ack.appliedEpoch());
    }

    private static SessionView session(Session session) {
        return new SessionView(
                session.id(),
                WireWords.KIND.avro(session.kind()),
                WireWords.STATE.avro(session.state()),
                WireWords.CAUSE.avro(session.cause()),
                session.startLsn(),
                session.targetLsn(),
                session.pinLsn(),
                session.progress(),
                session.walAppliedLsn(),
                session.baseBlocksDone(),
                session.baseBlocksTotal(),
                session.bytes(),
                session.reason(),
                pace(session.pace()));
    }

    private static SessionPace pace(Pace pace) {
        return pace.equals(Pace.NONE)
                ? null
                : new SessionPace(
                        WireWords.WAITING_FOR.avro(pace.waitingFor()),
                        pace.baseBytes(),
                        pace.walBytes(),
                        pace.bytesPerSecond(),
                        pace.secondsLeft() == Pace.UNKNOWN ? null : pace.secondsLeft());
    }
}
