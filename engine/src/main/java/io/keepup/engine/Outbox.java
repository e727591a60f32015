package io.keepup.engine;

import io.keepup.engine.message.Command;
import io.keepup.engine.message.Command.CancelSession;
import io.keepup.engine.message.Meta;
import io.keepup.engine.message.Origin;
import io.keepup.engine.state.ReplicaView;
import io.keepup.engine.state.View;
import io.keepup.engine.word.FailureReason;
import java.util.ArrayList;
import java.util.List;

/** Collects and numbers the commands of one step. */
final class Outbox {

    private final Meta cause;
    private final List<Command> commands = new ArrayList<>(3);
    private long sequence;

    Outbox(long lastCommand, Meta cause) {
        this.sequence = lastCommand;
        this.cause = cause;
    }

    /** The origin of the next command, decided in that node's view. */
    Origin next(String nodeId, long epoch) {
        sequence++;
        return new Origin(cause.volumeId(), nodeId, epoch, sequence, cause.eventId(), cause.occurredAt());
    }

    /** Time of the causing event, ms: the engine has no other. */
    long now() {
        return cause.occurredAt();
    }

    void add(Command command) {
        commands.add(command);
    }

    /** [P7], [G3] */
    void cancel(View view, ReplicaView replica, FailureReason reason) {
        long sessionId = replica.session().id();
        add(new CancelSession(next(view.nodeId(), view.epoch()), replica.id(), sessionId, reason));
    }

    long lastCommand() {
        return sequence;
    }

    List<Command> commands() {
        return List.copyOf(commands);
    }
}
