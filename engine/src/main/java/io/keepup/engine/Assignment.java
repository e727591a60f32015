package io.keepup.engine;

import io.keepup.engine.message.Command.ApplyRole;
import io.keepup.engine.message.Command.ConfigureShipper;
import io.keepup.engine.message.Command.StartReceiver;
import io.keepup.engine.message.Event.AssignmentDelivered;
import io.keepup.engine.message.Meta;
import io.keepup.engine.message.ReplicaEndpoint;
import io.keepup.engine.state.ById;
import io.keepup.engine.state.NodeCondition;
import io.keepup.engine.state.Readiness;
import io.keepup.engine.state.ReplicaView;
import io.keepup.engine.state.View;
import io.keepup.engine.state.VolumeState;
import io.keepup.engine.word.FailureReason;
import io.keepup.engine.word.Role;

/** Folds what the master says [E1], and ends what it makes obsolete [G3], [P7]. */
final class Assignment {

    private Assignment() {}

    static Step fold(Policy policy, VolumeState state, View view, AssignmentDelivered event) {
        Meta meta = event.meta();
        Outbox outbox = new Outbox(state.lastCommand(), meta);
        View assigned =
                switch (policy) {
                    case Policy.Reference reference -> reference(view, event);
                    case Policy.Safe safe -> safe(safe, view, event);
                };
        ById<View> views = state.views();
        if (policy instanceof Policy.Safe) {
            cancelDropped(view, assigned, outbox);
            if (meta.epoch() > state.epoch()) {
                views = fence(views, meta.nodeId(), outbox);
            }
        }
        long size = state.sizeAfter(event.sizeBytes());
        int blockSize = state.blockSizeAfter(event.blockSize());
        apply(event, size, blockSize, outbox);
        if (state.sizeBytes() != 0 && (size != state.sizeBytes() || blockSize != state.blockSize())) {
            resize(views, event.meta(), size, blockSize, outbox);
        }
        VolumeState next = new VolumeState(
                state.volumeId(),
                views.with(assigned),
                Math.max(state.epoch(), meta.epoch()),
                primaryAfter(state, event),
                size,
                blockSize,
                state.sizeSettled() || policy instanceof Policy.Reference, // whose size is that of the first assignment
                state.lastSessionId(),
                outbox.lastCommand());
        return new Step(next, outbox.commands(), Health.of(policy, assigned));
    }

    /** [E1] Epoch or role changed: the other flags go false, every replica view is dropped. */
    private static boolean renews(View view, AssignmentDelivered event) {
        return event.meta().epoch() != view.epoch() || event.role() != view.role();
    }

    private static View reference(View view, AssignmentDelivered event) {
        boolean renewed = renews(view, event);
        ById<ReplicaView> known = renewed ? ById.empty() : view.replicas();
        return assigned(view, event, renewed, members(known, known, event), view.durableLsn());
    }

    private static View safe(Policy.Safe policy, View view, AssignmentDelivered event) {
        boolean renewed = renews(view, event);
        ById<ReplicaView> known = renewed ? ById.empty() : view.replicas();
        ById<ReplicaView> members = members(ById.empty(), known, event); // [G3] who is not assigned has no view
        View next = assigned(view, event, renewed, members, renewed ? 0 : view.durableLsn()); // [P2] per epoch
        // [P2] a proof holds for the copies it was made over, not for others
        return renewed || sameIds(known, members)
                ? next
                : next.withDurableLsn(policy.durability().proven(next));
    }

    private static View assigned(
            View view, AssignmentDelivered event, boolean renewed, ById<ReplicaView> members, long durableLsn) {
        Readiness readiness = renewed ? Readiness.ASSIGNED : view.readiness().withAssigned();
        return new View(
                view.nodeId(),
                event.meta().epoch(),
                event.role(),
                readiness,
                view.walTail(),
                view.walHead(),
                durableLsn,
                members,
                !renewed && view.silent(),
                renewed ? NodeCondition.UNKNOWN : view.condition());
    }

    /** Each assigned replica keeps its view, or gets one [E1]. */
    private static ById<ReplicaView> members(
            ById<ReplicaView> start, ById<ReplicaView> known, AssignmentDelivered event) {
        ById<ReplicaView> members = start;
        for (ReplicaEndpoint endpoint : event.replicas()) {
            ReplicaView replica = known.get(endpoint.replicaId());
            members = members.with(replica == null ? ReplicaView.assigned(endpoint) : replica.withEndpoint(endpoint));
        }
        return members;
    }

    private static boolean sameIds(ById<ReplicaView> before, ById<ReplicaView> after) {
        if (before.size() != after.size()) {
            return false;
        }
        for (ReplicaView replica : before) {
            if (!after.contains(replica.id())) {
                return false;
            }
        }
        return true;
    }

    /** A live session that the new view no longer has is over: removed replica, or another epoch [G3], [P7]. */
    private static void cancelDropped(View before, View after, Outbox outbox) {
        boolean sameEpoch = before.epoch() == after.epoch();
        for (ReplicaView replica : before.replicas()) {
            ReplicaView kept = after.replicas().get(replica.id());
            if (replica.session().live() && (kept == null || !kept.session().live())) {
                outbox.cancel(before, replica, sameEpoch ? FailureReason.CANCELLED : FailureReason.SUPERSEDED);
            }
        }
    }

    /**
     * A higher epoch fences every other view: its events are refused from here on, so no session of its can end by
     * itself, and the new primary must find no other session on its replicas [invariants 2, 3, 7].
     */
    private static ById<View> fence(ById<View> views, String exceptNodeId, Outbox outbox) {
        ById<View> fenced = views;
        for (View view : views) {
            if (view.nodeId().equals(exceptNodeId)) {
                continue;
            }
            View next = view;
            for (ReplicaView replica : view.replicas()) {
                if (replica.session().live()) {
                    outbox.cancel(view, replica, FailureReason.SUPERSEDED);
                    next = next.withReplica(replica.failed(FailureReason.SUPERSEDED));
                }
            }
            fenced = fenced.with(next);
        }
        return fenced;
    }

    /** [E1] In this order. */
    private static void apply(AssignmentDelivered event, long sizeBytes, int blockSize, Outbox outbox) {
        String nodeId = event.meta().nodeId();
        long epoch = event.meta().epoch();
        outbox.add(new ApplyRole(outbox.next(nodeId, epoch), event.role(), sizeBytes, blockSize));
        if (event.role() == Role.PRIMARY && !event.replicas().isEmpty()) {
            outbox.add(new ConfigureShipper(outbox.next(nodeId, epoch), event.replicas()));
        }
        if (event.role() == Role.REPLICA) {
            outbox.add(new StartReceiver(outbox.next(nodeId, epoch)));
        }
    }

    /** [P10] The other members hear of the size that the volume has now, and what they made in another one, they make anew. */
    static void resize(ById<View> views, Meta cause, long sizeBytes, int blockSize, Outbox outbox) {
        for (View view : views) {
            boolean member = view.epoch() == cause.epoch() && view.role() != Role.NONE;
            if (member && !view.nodeId().equals(cause.nodeId())) {
                outbox.add(new ApplyRole(outbox.next(view.nodeId(), view.epoch()), view.role(), sizeBytes, blockSize));
                if (view.role() == Role.REPLICA) {
                    outbox.add(new StartReceiver(outbox.next(view.nodeId(), view.epoch())));
                }
            }
        }
    }

    private static String primaryAfter(VolumeState state, AssignmentDelivered event) {
        if (event.meta().epoch() < state.epoch()) {
            return state.primaryId();
        }
        if (event.role() == Role.PRIMARY) {
            return event.meta().nodeId();
        }
        return event.meta().epoch() > state.epoch() ? "" : state.primaryId();
    }
}
