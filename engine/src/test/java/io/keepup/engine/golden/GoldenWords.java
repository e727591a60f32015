package io.keepup.engine.golden;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.keepup.engine.message.Command;
import io.keepup.engine.message.ReplicaEndpoint;
import io.keepup.engine.message.SyncAck;
import io.keepup.engine.state.Readiness;
import io.keepup.engine.state.ReplicaView;
import io.keepup.engine.state.Session;
import io.keepup.engine.state.View;
import io.keepup.engine.word.Role;
import io.keepup.engine.word.SessionKind;
import java.util.List;

/** Writes commands and views the way the golden traces do. */
public final class GoldenWords {

    private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

    private GoldenWords() {}

    public static ArrayNode commands(List<Command> commands) {
        ArrayNode all = JSON.arrayNode();
        for (Command command : commands) {
            all.add(command(command)
                    .put("type", command.getClass().getSimpleName())
                    .put("volumeId", command.origin().volumeId()));
        }
        return all;
    }

    private static ObjectNode command(Command command) {
        ObjectNode node = JSON.objectNode();
        return switch (command) {
            case Command.ApplyRole c -> node.put("epoch", c.origin().epoch()).put("role", role(c.role()));
            case Command.ConfigureShipper c -> {
                ArrayNode replicas = node.putArray("replicas");
                c.replicas().forEach(r -> replicas.add(endpoint(r).put("replicaId", r.replicaId())));
                yield node;
            }
            case Command.StartReceiver c -> node;
            case Command.IssueCatchUp c ->
                node.put("replicaId", c.replicaId())
                        .put("startLsn", c.startLsn())
                        .put("targetLsn", c.targetLsn())
                        .put("pinLsn", c.pinLsn());
            case Command.IssueRebuild c -> node.put("replicaId", c.replicaId()).put("targetLsn", c.targetLsn());
            case Command.CancelSession c -> node.put("replicaId", c.replicaId());
        };
    }

    public static ObjectNode volume(View view) {
        ObjectNode node = JSON.objectNode()
                .put("epoch", view.epoch())
                .put("role", role(view.role()))
                .put("walTail", view.walTail())
                .put("walHead", view.walHead())
                .put("durableLsn", view.durableLsn());
        Readiness readiness = view.readiness();
        node.putObject("readiness")
                .put("assigned", readiness.assigned())
                .put("roleApplied", readiness.roleApplied())
                .put("receiverReady", readiness.receiverReady())
                .put("shipperConfigured", readiness.shipperConfigured())
                .put("shipperConnected", readiness.shipperConnected());
        ObjectNode replicas = node.putObject("replicas");
        for (ReplicaView replica : view.replicas()) {
            ObjectNode one = endpoint(replica.endpoint());
            one.set("lastSyncAck", ack(replica.lastSyncAck()));
            one.set("session", session(replica.session()));
            replicas.set(replica.id(), one);
        }
        return node;
    }

    private static ObjectNode endpoint(ReplicaEndpoint endpoint) {
        return JSON.objectNode().put("dataAddr", endpoint.dataAddr()).put("ctrlAddr", endpoint.ctrlAddr());
    }

    private static ObjectNode ack(SyncAck ack) {
        return JSON.objectNode()
                .put("durableLsn", ack.durableLsn())
                .put("appliedLsn", ack.appliedLsn())
                .put("receivedLsn", ack.receivedLsn())
                .put("walTail", ack.walTail())
                .put("recoverable", ack.recoverable())
                .put("reason", ack.reason().word());
    }

    private static ObjectNode session(Session session) {
        return JSON.objectNode()
                .put(
                        "kind",
                        session.kind() == SessionKind.NONE ? "" : session.kind().word())
                .put("state", session.state().word())
                .put("startLsn", session.startLsn())
                .put("targetLsn", session.targetLsn())
                .put("pinLsn", session.pinLsn())
                .put("progress", session.progress())
                .put("reason", session.reason());
    }

    private static String role(Role role) {
        return role == Role.NONE ? "" : role.word();
    }
}
