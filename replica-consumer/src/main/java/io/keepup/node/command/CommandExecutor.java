package io.keepup.node.command;

import io.keepup.node.NodeContext;
import io.keepup.node.NodeCounter;
import io.keepup.node.event.FaultReport;
import io.keepup.node.event.NodeClosingException;
import io.keepup.node.event.NodeEvents.Gates;
import io.keepup.node.event.NodeEvents.SessionRef;
import io.keepup.node.event.PublishException;
import io.keepup.node.event.RoleRefusedException;
import io.keepup.node.hosting.HostedStatus;
import io.keepup.node.hosting.HostedVolume;
import io.keepup.node.hosting.VolumeHost;
import io.keepup.node.lane.WalTopic;
import io.keepup.node.note.NoteState.Replica;
import io.keepup.node.primary.PrimaryVolume;
import io.keepup.node.replica.ReplicaVolume;
import io.keepup.schemas.registry.RegistryException;
import io.keepup.schemas.topic.TopicException;
import io.keepup.schemas.topic.Topics;
import io.keepup.service.failure.RepeatedFailureLog;
import io.keepup.v1.ApplyRole;
import io.keepup.v1.CancelSession;
import io.keepup.v1.ConfigureShipper;
import io.keepup.v1.FailureReason;
import io.keepup.v1.IssueCatchUp;
import io.keepup.v1.IssueRebuild;
import io.keepup.v1.Meta;
import io.keepup.v1.NodeFault;
import io.keepup.v1.Role;
import io.keepup.v1.SessionKind;
import io.keepup.v1.StartReceiver;
import io.keepup.volume.VolumeException;
import io.keepup.volume.VolumeRole;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.KafkaException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Executes commands on the node's volumes. Everything here may come again: roles are idempotent by epoch and role,
 * sessions by their id. A command of an epoch that is not the volume's has no effect; but what belongs to a role and comes
 * before it is executed after it. Used by one thread.
 */
public final class CommandExecutor {

    private static final Logger log = LoggerFactory.getLogger(CommandExecutor.class);
    private static final RepeatedFailureLog failures = new RepeatedFailureLog(log);

    private final NodeContext context;
    private final VolumeHost host;
    /** By volume: what came before its role. */
    private final Map<String, Deque<SpecificRecord>> early = new HashMap<>();

    public CommandExecutor(NodeContext context, VolumeHost host) {
        this.context = context;
        this.host = host;
    }

    /** @throws RuntimeException when the command could not be executed; it must not stop the next one */
    public void execute(SpecificRecord command) {
        switch (command) {
            case ApplyRole role -> applyRole(role);
            case ConfigureShipper configure -> {
                if (!comesEarly(configure.getMeta(), configure)) {
                    configureShipper(configure);
                }
            }
            case StartReceiver start -> {
                if (!comesEarly(start.getMeta(), start)) {
                    asReplica(start.getMeta(), ReplicaVolume::startReceiver);
                }
            }
            case IssueCatchUp issue -> catchUp(issue);
            case IssueRebuild issue -> rebuild(issue);
            case CancelSession cancel -> cancel(cancel);
            default -> {
                context.metrics().count(NodeCounter.COMMANDS_POISON);
                failures.error("no command of a node", command.getSchema().getName() + " is no command of a node");
            }
        }
    }

    /** Nobody says these again: passed over, the volume would stay at its gate until it is assigned anew. */
    private boolean comesEarly(Meta meta, SpecificRecord command) {
        long epoch = host.volume(meta.getVolumeId())
                .map(volume -> volume.status().epoch())
                .orElse(0L);
        if (meta.getEpoch() <= epoch) {
            return false;
        }
        log.info(
                "Volume {}: command {} waits for the role of epoch {}",
                meta.getVolumeId(),
                meta.getEventId(),
                meta.getEpoch());
        early.computeIfAbsent(meta.getVolumeId(), id -> new ArrayDeque<>()).add(command);
        return true;
    }

    /** Executes what waited for this role, as if it came now; when one fails, it and the role are tried again. */
    private void executeEarly(String volumeId) {
        Deque<SpecificRecord> waited = early.getOrDefault(volumeId, new ArrayDeque<>());
        for (int left = waited.size(); left > 0; left--) {
            execute(waited.element());
            waited.remove();
        }
        if (waited.isEmpty()) {
            early.remove(volumeId);
        }
    }

    private void applyRole(ApplyRole command) {
        Meta meta = command.getMeta();
        try {
            takeRole(command);
        } catch (NodeClosingException | PublishException | KafkaException | RegistryException | TopicException e) {
            throw e; // the cluster's fault, not this node's
        } catch (RuntimeException e) {
            roleNotTaken(meta, e);
            return;
        }
        host.accept(meta.getVolumeId());
        executeEarly(meta.getVolumeId());
    }

    /** Reports why, and has the command tried again when that may help [P9]. */
    private void roleNotTaken(Meta meta, RuntimeException why) {
        FaultReport report = host.unopened(meta.getVolumeId()).orElse(FaultReport.ofRole(why));
        if (report.fault() == NodeFault.stale_epoch) {
            // Served as it should be, in its own epoch. An old command that came again is old for the fold too.
            context.events().roleRefused(meta.getVolumeId(), meta.getEpoch(), report);
            refused(meta, report.detail());
            return;
        }
        host.refuse(meta.getVolumeId(), meta.getEpoch(), report);
        boolean forGood = why instanceof RoleRefusedException refused && !refused.mayPass()
                || why instanceof VolumeException e && e.kind() == VolumeException.Kind.CONFLICTING_ROLE;
        if (!forGood) {
            throw why;
        }
        context.metrics().count(NodeCounter.COMMANDS_FAILED);
    }

    private void takeRole(ApplyRole command) {
        Meta meta = command.getMeta();
        Optional<VolumeRole> role = role(command.getRole());
        if (role.isEmpty()) {
            throw refusal(NodeFault.role_refused, "this node does not know the role it was given: update it");
        }
        if (role.get() == VolumeRole.NONE && !host.holds(meta.getVolumeId())) {
            // It never took a role, perhaps because it cannot hold such a volume: none is made for this.
            context.events().readiness(meta.getVolumeId(), meta.getEpoch(), Gates.ROLE_APPLIED);
            return;
        }
        host.requireHandles(meta.getVolumeId()); // before its lane is looked at, which is made for it
        if (role.get() == VolumeRole.PRIMARY && wouldBeginEmpty(meta)) {
            throw refusal(
                    NodeFault.data_missing,
                    "this node has no data of it that counts, but its WAL lane %s was written before epoch %s: assign a primary that has the data, or delete that topic to begin with an empty volume"
                            .formatted(Topics.wal(meta.getVolumeId()), meta.getEpoch()));
        }
        host.open(meta.getVolumeId(), command.getSizeBytes(), command.getBlockSize(), meta.getEpoch(), role.get())
                .applyRole(meta.getEpoch(), role.get());
    }

    private static RoleRefusedException refusal(NodeFault fault, String detail) {
        return new RoleRefusedException(new FaultReport(fault, detail));
    }

    /**
     * Whether this node would become the primary of an epoch with nothing in its copy, or nothing proven, though the volume
     * has had data. It would delete what the lane still holds, and have its replicas rebuilt from nothing.
     */
    private boolean wouldBeginEmpty(Meta meta) {
        Optional<HostedStatus> here = host.volume(meta.getVolumeId()).map(HostedVolume::status);
        boolean judged = here.isEmpty()
                ? host.holds(meta.getVolumeId()) // and cannot open it: it may be mended
                : here.get().epoch() >= meta.getEpoch() || here.get().appliedLsn() > 0;
        if (judged) {
            return false;
        }
        context.lanes().ensure(meta.getVolumeId());
        try (WalTopic lane = new WalTopic(context, meta.getVolumeId())) {
            return lane.end() > 0; // also when all of it was trimmed
        }
    }

    private static Optional<VolumeRole> role(Role role) {
        return switch (role) {
            case primary -> Optional.of(VolumeRole.PRIMARY);
            case replica -> Optional.of(VolumeRole.REPLICA);
            case none -> Optional.of(VolumeRole.NONE);
            case unknown -> Optional.empty();
        };
    }

    private void configureShipper(ConfigureShipper command) {
        List<Replica> replicas = command.getReplicas().stream()
                .map(r -> new Replica(r.getReplicaId(), r.getDataAddr(), r.getCtrlAddr()))
                .toList();
        asPrimary(
                command.getMeta(),
                primary -> primary.configure(replicas, command.getMeta().getEventId()));
    }

    private void catchUp(IssueCatchUp command) {
        Meta meta = command.getMeta();
        if (isSelf(command.getReplicaId())) {
            asSessionReplica(meta, command.getSessionId(), SessionKind.catchup, replica -> replica.issued(command));
        } else {
            asPrimary(meta, primary -> primary.issued(command));
        }
    }

    private void rebuild(IssueRebuild command) {
        Meta meta = command.getMeta();
        if (isSelf(command.getReplicaId())) {
            asSessionReplica(meta, command.getSessionId(), SessionKind.rebuild, replica -> replica.issued(command));
        } else {
            asPrimary(meta, primary -> primary.issued(command));
        }
    }

    private void cancel(CancelSession command) {
        if (isSelf(command.getReplicaId())) {
            asReplica(command.getMeta(), replica -> replica.cancelled(command));
        } else {
            asPrimary(command.getMeta(), primary -> primary.cancelled(command));
        }
    }

    private boolean isSelf(String replicaId) {
        return replicaId.equals(context.nodeId());
    }

    private void asPrimary(Meta meta, Consumer<PrimaryVolume> work) {
        Optional<PrimaryVolume> primary = host.volume(meta.getVolumeId()).flatMap(v -> v.primary(meta.getEpoch()));
        primary.ifPresentOrElse(work, () -> refused(meta, "this node is not its primary in that epoch"));
    }

    private void asReplica(Meta meta, Consumer<ReplicaVolume> work) {
        Optional<ReplicaVolume> replica = host.volume(meta.getVolumeId()).flatMap(v -> v.replica(meta.getEpoch()));
        replica.ifPresentOrElse(work, () -> refused(meta, "this node is not its replica in that epoch"));
    }

    /** A session that cannot even be refused by its replica is said to have failed, or it would stay issued for ever. */
    private void asSessionReplica(Meta meta, long sessionId, SessionKind kind, Consumer<ReplicaVolume> work) {
        Optional<HostedVolume> volume = host.volume(meta.getVolumeId());
        Optional<ReplicaVolume> replica = volume.flatMap(v -> v.replica(meta.getEpoch()));
        if (replica.isPresent()) {
            try {
                work.accept(replica.get());
            } catch (VolumeException e) {
                if (volume.get().stopped() || e.kind() == VolumeException.Kind.READ_ONLY) {
                    sessionFailed(
                            meta, volume.get().primaryId(), sessionId, kind, FailureReason.disk_failed, e.getMessage());
                } else {
                    throw e;
                }
            }
            return;
        }
        refused(meta, "this node is not its replica in that epoch");
        boolean stale = volume.isPresent() && volume.get().status().epoch() > meta.getEpoch();
        if (!stale) {
            sessionFailed(
                    meta,
                    volume.map(HostedVolume::primaryId).orElse(""),
                    sessionId,
                    kind,
                    FailureReason.epoch_mismatch,
                    "node %s is not a replica in epoch %s".formatted(context.nodeId(), meta.getEpoch()));
        }
    }

    private void sessionFailed(
            Meta meta, String primaryId, long sessionId, SessionKind kind, FailureReason reason, String detail) {
        context.events()
                .failed(
                        new SessionRef(meta.getVolumeId(), primaryId, meta.getEpoch(), sessionId, kind),
                        reason,
                        detail);
    }

    private void refused(Meta meta, String why) {
        context.metrics().count(NodeCounter.STALE_EPOCH);
        failures.warn(
                "refused",
                "Volume %s: command %s of epoch %s refused: %s"
                        .formatted(meta.getVolumeId(), meta.getEventId(), meta.getEpoch(), why));
    }
}
