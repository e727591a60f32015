package io.keepup.cli.audit;

import io.keepup.cli.Sizes;
import io.keepup.engine.state.NodeCondition;
import io.keepup.engine.state.ReplicaView;
import io.keepup.engine.state.Session;
import io.keepup.engine.state.View;
import io.keepup.engine.state.VolumeState;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** How two states of a volume differ, in words. */
final class Changes {

    private final List<String> words = new ArrayList<>();

    private Changes() {}

    /** What an event changed; empty when nothing. */
    static List<String> between(VolumeState before, VolumeState after) {
        Changes changes = new Changes();
        changes.volume(before, after);
        for (View view : after.views()) {
            View old = before.views().get(view.nodeId());
            changes.view(old == null ? View.unassigned(view.nodeId()) : old, view, after);
        }
        return changes.words;
    }

    private void volume(VolumeState before, VolumeState after) {
        if (before.epoch() != after.epoch()) {
            say("epoch %d -> %d", before.epoch(), after.epoch());
        }
        if (!before.primaryId().equals(after.primaryId())) {
            say("primary %s -> %s", nobody(before.primaryId()), nobody(after.primaryId()));
        }
        if (before.sizeBytes() != after.sizeBytes()) {
            say("size %s, blocks of %s", Sizes.text(after.sizeBytes()), Sizes.text(after.blockSize()));
        }
    }

    private static String nobody(String node) {
        return node.isEmpty() ? "nobody" : node;
    }

    private void view(View before, View after, VolumeState volume) {
        String node = after.nodeId();
        if (before.role() != after.role() || before.epoch() != after.epoch()) {
            say("%s is %s in epoch %d", node, after.role().word(), after.epoch());
        }
        flag(
                node,
                "role_applied",
                before.readiness().roleApplied(),
                after.readiness().roleApplied());
        flag(
                node,
                "receiver_ready",
                before.readiness().receiverReady(),
                after.readiness().receiverReady());
        flag(
                node,
                "shipper_configured",
                before.readiness().shipperConfigured(),
                after.readiness().shipperConfigured());
        flag(
                node,
                "shipper_connected",
                before.readiness().shipperConnected(),
                after.readiness().shipperConnected());
        condition(node, before.condition(), after.condition());
        String whose = node.equals(volume.primaryId()) ? "" : node + ": ";
        if (before.walTail() != after.walTail() || before.walHead() != after.walHead()) {
            say("%sWAL %s -> %s", whose, wal(before), wal(after));
        }
        if (before.durableLsn() != after.durableLsn()) {
            say("%sdurable %,d -> %,d", whose, before.durableLsn(), after.durableLsn());
        }
        for (ReplicaView replica : after.replicas()) {
            ReplicaView old = before.replicas().get(replica.id());
            if (old == null) {
                say("%s%s is a replica", whose, replica.id());
            } else {
                replica(whose, old, replica);
            }
        }
        for (ReplicaView replica : before.replicas()) {
            if (!after.replicas().contains(replica.id())) {
                say("%s%s is no replica any more", whose, replica.id());
            }
        }
    }

    private void flag(String node, String name, boolean before, boolean after) {
        if (before != after) {
            say("%s %s%s", node, after ? "" : "no longer ", name);
        }
    }

    private void condition(String node, NodeCondition before, NodeCondition after) {
        if (before.fault() != after.fault()) {
            say("%s %s", node, after.faulty() ? "has a fault, " + after.fault().word() : "has no fault any more");
        }
        if (after.sizeBytes() != 0 && before.sizeBytes() != after.sizeBytes()) {
            say("the copy on %s has %s", node, Sizes.text(after.sizeBytes()));
        }
    }

    private static String wal(View view) {
        if (view.walTail() == 0 && view.walHead() == 0) {
            return "unknown";
        }
        return view.walTail() > view.walHead() || view.walHead() == 0
                ? String.format(Locale.ROOT, "empty, next is %,d", view.walHead() + 1)
                : String.format(Locale.ROOT, "%,d to %,d", view.walTail(), view.walHead());
    }

    private void replica(String whose, ReplicaView before, ReplicaView after) {
        String id = whose + after.id();
        if (before.lastSyncAck().position() != after.lastSyncAck().position()) {
            say(
                    "%s at %,d -> %,d",
                    id, before.lastSyncAck().position(), after.lastSyncAck().position());
        }
        if (before.lastSyncId() > 0
                && before.lastSyncAck().ackKind() != after.lastSyncAck().ackKind()) {
            say(
                    "%s last heard %s -> %s",
                    id,
                    before.lastSyncAck().ackKind().word(),
                    after.lastSyncAck().ackKind().word());
        }
        Session old = before.session();
        Session session = after.session();
        if (old.id() != session.id() || old.kind() != session.kind() || old.state() != session.state()) {
            say("%s %s -> %s", id, name(old), name(session));
        } else if (!old.equals(session)) {
            progress(id, old, session);
        }
    }

    private void progress(String id, Session before, Session after) {
        if (before.progress() != after.progress()) {
            say("%s durable %,d -> %,d of %,d", id, before.progress(), after.progress(), after.targetLsn());
        }
        if (before.baseBlocksDone() != after.baseBlocksDone()) {
            say(
                    "%s base %,d -> %,d of %,d blocks",
                    id, before.baseBlocksDone(), after.baseBlocksDone(), after.baseBlocksTotal());
        }
        if (before.bytes() != after.bytes()) {
            say("%s received %s -> %s", id, Sizes.text(before.bytes()), Sizes.text(after.bytes()));
        }
    }

    /** {@code none}, {@code keepup}, {@code catchup 3 running}, {@code rebuild 4 failed (pin_lost)}. */
    private static String name(Session session) {
        if (session.id() == 0) {
            return session.kind().word();
        }
        String failure = session.failure().word().isEmpty()
                ? ""
                : " (" + session.failure().word() + ")";
        return "%s %s %s%s"
                .formatted(session.kind().word(), session.id(), session.state().word(), failure);
    }

    private void say(String format, Object... args) {
        words.add(String.format(Locale.ROOT, format, args));
    }
}
