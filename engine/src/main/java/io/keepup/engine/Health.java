package io.keepup.engine;

import io.keepup.engine.state.ById;
import io.keepup.engine.state.Readiness;
import io.keepup.engine.state.ReplicaView;
import io.keepup.engine.state.Session;
import io.keepup.engine.state.View;
import io.keepup.engine.state.VolumeState;
import io.keepup.engine.word.Mode;
import io.keepup.engine.word.Role;
import io.keepup.engine.word.SessionKind;
import io.keepup.engine.word.SessionState;

/**
 * Derives mode, reason and health of a view [E10], [P1], [P9]; a primary that is not heard is degraded whatever it said last.
 */
final class Health {

    static final Projection ALLOCATED_ONLY = new Projection(Mode.ALLOCATED_ONLY, "allocated_only", false);

    private static final Projection NEEDS_REBUILD = new Projection(Mode.NEEDS_REBUILD, "replica_needs_rebuild", false);
    private static final Projection SILENT = new Projection(Mode.DEGRADED, "primary_silent", false);
    private static final Projection RECOVERING = bootstrap("recovery_in_progress");
    private static final Projection REPLICA_READY = new Projection(Mode.REPLICA_READY, "replica_not_primary", false);
    private static final Projection HEALTHY = new Projection(Mode.PUBLISH_HEALTHY, "", true);
    private static final Projection AWAITING_ROLE = bootstrap("awaiting_role_apply");
    private static final Projection AWAITING_RECEIVER = bootstrap("awaiting_receiver_ready");
    private static final Projection AWAITING_SHIPPER = bootstrap("awaiting_shipper_configured");
    private static final Projection AWAITING_CONNECTION = bootstrap("awaiting_shipper_connected");
    private static final Projection AWAITING_SYNC = bootstrap("awaiting_replica_sync");
    private static final Projection AWAITING_BARRIER = bootstrap("awaiting_barrier_durability");
    private static final Projection BOOTSTRAP = bootstrap("bootstrap_pending");

    private Health() {}

    private static Projection bootstrap(String reason) {
        return new Projection(Mode.BOOTSTRAP_PENDING, reason, false);
    }

    /** [E10]: first match wins. */
    static Projection of(Policy policy, View view) {
        Projection recovery = ofSessions(view.replicas());
        if (view.silent() && recovery != NEEDS_REBUILD) {
            return SILENT; // the rest is what was last heard of it
        }
        if (recovery != NEEDS_REBUILD && view.condition().faulty()) {
            return ofFault(view); // [P9]
        }
        if (recovery != null) {
            return recovery;
        }
        Readiness ready = view.readiness();
        if (view.role() == Role.REPLICA && ready.receiverReady()) {
            return REPLICA_READY;
        }
        if (view.role() == Role.PRIMARY && view.replicas().isEmpty()) {
            return ALLOCATED_ONLY;
        }
        if (!ready.assigned()) {
            return ALLOCATED_ONLY;
        }
        return ofGates(policy, view, ready);
    }

    /** What a node's fault makes of its view, and of the volume: one that never took its role has not begun [P9]. */
    static Projection ofFault(View view) {
        Mode mode = view.readiness().roleApplied() ? Mode.DEGRADED : Mode.BOOTSTRAP_PENDING;
        return new Projection(mode, view.condition().fault().word(), false);
    }

    /**
     * The member whose fault is what the volume shows: its primary, else the replica with the lowest id; null when none has one,
     * or when a rebuild or the primary's silence says more [P9].
     */
    static View faulty(VolumeState state, View primary) {
        if (primary.silent() || ofSessions(primary.replicas()) == NEEDS_REBUILD) {
            return null;
        }
        if (primary.condition().faulty()) {
            return primary;
        }
        for (ReplicaView replica : primary.replicas()) {
            View view = state.views().get(replica.id());
            if (view != null
                    && view.epoch() == primary.epoch()
                    && view.condition().faulty()) {
                return view;
            }
        }
        return null;
    }

    /** The worst that any session asks for, or null when none is recovering or failed. */
    private static Projection ofSessions(ById<ReplicaView> replicas) {
        boolean catchingUp = false;
        boolean failed = false;
        String reason = "";
        for (int i = 0; i < replicas.size(); i++) {
            Session session = replicas.at(i).session();
            if (session.live()) {
                if (session.kind() == SessionKind.REBUILD) {
                    return NEEDS_REBUILD;
                }
                catchingUp |= session.kind() == SessionKind.CATCHUP;
            } else if (session.state() == SessionState.FAILED) {
                failed = true;
                if (reason.isEmpty()) {
                    reason = session.reason(); // the lowest replica id that has one
                }
            }
        }
        if (failed) {
            return new Projection(Mode.DEGRADED, reason.isEmpty() ? "session_failed" : reason, false);
        }
        return catchingUp ? RECOVERING : null;
    }

    /** The first gate that is still shut, or healthy. */
    private static Projection ofGates(Policy policy, View view, Readiness ready) {
        if (!ready.roleApplied()) {
            return AWAITING_ROLE;
        }
        return switch (view.role()) {
            case NONE -> BOOTSTRAP;
            case REPLICA -> AWAITING_RECEIVER;
            case PRIMARY -> {
                if (!ready.shipperConfigured()) {
                    yield AWAITING_SHIPPER;
                }
                if (!ready.shipperConnected()) {
                    yield AWAITING_CONNECTION;
                }
                if (policy instanceof Policy.Safe && !allInSync(view.replicas())) {
                    yield AWAITING_SYNC; // [P1]
                }
                yield view.durableLsn() > 0 ? HEALTHY : AWAITING_BARRIER;
            }
        };
    }

    /** Every assigned replica heard in this epoch, and in keep-up [P1]. */
    private static boolean allInSync(ById<ReplicaView> replicas) {
        for (int i = 0; i < replicas.size(); i++) {
            ReplicaView replica = replicas.at(i);
            if (!replica.heard() || !replica.session().inKeepUp()) {
                return false;
            }
        }
        return true;
    }
}
