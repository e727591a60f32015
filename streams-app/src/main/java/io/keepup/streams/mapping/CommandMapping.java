package io.keepup.streams.mapping;

import io.keepup.engine.Engine;
import io.keepup.engine.message.Command;
import io.keepup.engine.message.DecisionFacts;
import io.keepup.engine.message.Origin;
import io.keepup.engine.message.ReplicaEndpoint;
import io.keepup.v1.ApplyRole;
import io.keepup.v1.CancelSession;
import io.keepup.v1.ConfigureShipper;
import io.keepup.v1.IssueCatchUp;
import io.keepup.v1.IssueRebuild;
import io.keepup.v1.Meta;
import io.keepup.v1.StartReceiver;
import java.time.Instant;
import java.util.List;
import org.apache.avro.specific.SpecificRecord;

/** Commands from the engine to the wire. */
public final class CommandMapping {

    /** For nodes that compare it with their own clock: no clock comes there [A11]. */
    private static final Instant NO_DEADLINE = Instant.parse("9999-12-31T00:00:00Z");

    private CommandMapping() {}

    /**
     * The meta of a command to one of its targets. Targets of one command get the same command id with their own name
     * behind it, so that no two records say the same id.
     *
     * @param source who decided: {@code engine/<policy>}
     */
    public static Meta meta(Command command, String target, String source) {
        Origin origin = command.origin();
        String id = command instanceof Command.OfSession ? command.commandId() + "@" + target : command.commandId();
        return new Meta(
                id, origin.volumeId(), target, origin.epoch(), Instant.ofEpochMilli(origin.occurredAt()), source);
    }

    /** The record of a command with its meta. */
    public static SpecificRecord toWire(Command command, Meta meta) {
        return switch (command) {
            case Command.ApplyRole c ->
                new ApplyRole(meta, WireWords.ROLE.avro(c.role()), c.sizeBytes(), c.blockSize(), Engine.VERSION);
            case Command.ConfigureShipper c -> new ConfigureShipper(meta, endpoints(c.replicas()), Engine.VERSION);
            case Command.StartReceiver c -> new StartReceiver(meta, Engine.VERSION);
            case Command.IssueCatchUp c ->
                new IssueCatchUp(
                        meta,
                        c.replicaId(),
                        c.sessionId(),
                        c.startLsn(),
                        c.targetLsn(),
                        c.pinLsn(),
                        NO_DEADLINE,
                        WireWords.CAUSE.avro(c.cause()),
                        facts(c.facts()),
                        Engine.VERSION);
            case Command.IssueRebuild c ->
                new IssueRebuild(
                        meta,
                        c.replicaId(),
                        c.sessionId(),
                        c.targetLsn(),
                        NO_DEADLINE,
                        WireWords.CAUSE.avro(c.cause()),
                        facts(c.facts()),
                        Engine.VERSION);
            case Command.CancelSession c ->
                new CancelSession(
                        meta, c.replicaId(), c.sessionId(), WireWords.FAILURE.avro(c.reason()), Engine.VERSION);
        };
    }

    private static io.keepup.v1.DecisionFacts facts(DecisionFacts facts) {
        return new io.keepup.v1.DecisionFacts(facts.replicaLsn(), facts.primaryWalTail(), facts.primaryWalHead());
    }

    private static List<io.keepup.v1.ReplicaEndpoint> endpoints(List<ReplicaEndpoint> replicas) {
        return replicas.stream()
                .map(r -> new io.keepup.v1.ReplicaEndpoint(r.replicaId(), r.dataAddr(), r.ctrlAddr()))
                .toList();
    }
}
