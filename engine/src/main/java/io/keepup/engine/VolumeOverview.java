package io.keepup.engine;

import io.keepup.engine.state.ById;
import io.keepup.engine.state.ReplicaView;
import io.keepup.engine.state.View;
import io.keepup.engine.state.VolumeState;
import io.keepup.engine.word.Mode;
import io.keepup.engine.word.Role;
import java.util.ArrayList;
import java.util.List;

/**
 * The whole volume as others see it: mode, reason and health are those of the primary's view under the highest epoch, or of
 * the member with a fault [P9], and {@code allocated_only} while that epoch has no primary. Equal overviews mean that nothing
 * visible changed.
 *
 * @param epoch highest epoch assigned
 * @param detail which node's fault the reason is, and that node's sentence on it; empty when it is none
 * @param primaryId empty while the epoch has no primary
 * @param sizeBytes 0 before the first assignment
 * @param blockSize bytes, 0 before the first assignment
 * @param walTail of the primary, as of its last sync
 * @param walHead of the primary, as of its last sync
 * @param durableLsn proven durable on enough copies
 * @param replicas as the primary sees them, sorted by id
 * @param nodes every view with its own mode, sorted by id
 */
public record VolumeOverview(
        String volumeId,
        long epoch,
        Projection projection,
        String detail,
        String primaryId,
        long sizeBytes,
        int blockSize,
        long walTail,
        long walHead,
        long durableLsn,
        ById<ReplicaView> replicas,
        List<NodeOverview> nodes) {

    private static final Projection FENCED = new Projection(Mode.DEGRADED, "epoch_mismatch", false);

    /** One node of the volume; its readiness is in the view. */
    public record NodeOverview(View view, Projection projection) {}

    /** Pure: the same state and policy give an equal overview. */
    public static VolumeOverview of(Policy policy, VolumeState state) {
        List<NodeOverview> nodes = new ArrayList<>(state.views().size());
        for (View view : state.views()) {
            nodes.add(new NodeOverview(view, isFenced(state, view) ? FENCED : Health.of(policy, view)));
        }
        View primary = state.primaryView();
        View shown = primary == null ? View.unassigned("") : primary;
        Projection whole = primary == null ? Health.ALLOCATED_ONLY : Health.of(policy, primary);
        View faulty = primary == null ? null : Health.faulty(state, primary);
        return new VolumeOverview(
                state.volumeId(),
                state.epoch(),
                faulty == null ? whole : Health.ofFault(faulty),
                faulty == null
                        ? ""
                        : faulty.nodeId() + ": " + faulty.condition().detail(),
                shown.nodeId(),
                state.sizeBytes(),
                state.blockSize(),
                shown.walTail(),
                shown.walHead(),
                shown.durableLsn(),
                shown.replicas(),
                List.copyOf(nodes));
    }

    /** A primary of an epoch gone by: nothing it shows may pass for the volume's health [invariants 3, 6]. */
    private static boolean isFenced(VolumeState state, View view) {
        return view.role() == Role.PRIMARY && view.epoch() < state.epoch();
    }
}
