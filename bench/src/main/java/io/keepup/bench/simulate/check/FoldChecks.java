package io.keepup.bench.simulate.check;

import io.keepup.bench.simulate.world.SimulatedNode;
import io.keepup.bench.simulate.world.SimulatedStreams;
import io.keepup.engine.Policy;
import io.keepup.engine.VolumeOverview;
import io.keepup.engine.message.Event;
import io.keepup.engine.state.ReplicaView;
import io.keepup.engine.state.Session;
import io.keepup.engine.state.View;
import io.keepup.engine.state.VolumeState;
import io.keepup.engine.word.Role;
import io.keepup.node.hosting.HostedStatus;
import io.keepup.node.hosting.HostedVolume;
import io.keepup.schemas.codec.RecordCodec;
import io.keepup.schemas.codec.UndecodableException;
import io.keepup.schemas.topic.Topics;
import io.keepup.streams.fold.Decider;
import io.keepup.streams.fold.Outcome;
import io.keepup.streams.fold.Output;
import io.keepup.streams.fold.SourceRecord;
import io.keepup.streams.mapping.EventMapping;
import io.keepup.streams.mapping.UnknownWordException;
import io.keepup.v1.Rejected;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/** Looks at every record the fold committed: invariants 1, 2, 3 and 8, and of 6 what the fold says of the disks. */
public final class FoldChecks implements SimulatedStreams.Observer {

    private record Folded(SourceRecord record, Outcome outcome) {}

    private static final class OfVolume {
        VolumeState state;
        byte[] bytes;
        final Map<Long, String> primaries = new HashMap<>();
        final Set<Long> live = new HashSet<>();
        final Set<Long> over = new HashSet<>();
        /** Replicas as the primary of the newest epoch was last assigned them. */
        Set<String> assigned = Set.of();

        long newest;

        OfVolume(String volumeId) {
            state = VolumeState.initial(volumeId);
        }
    }

    private final Verdict verdict;
    private final RecordCodec codec;
    private final Policy policy;
    private final Map<String, SimulatedNode> nodes;
    private final List<Folded> folded = new ArrayList<>();
    private final Map<String, OfVolume> volumes = new HashMap<>();

    public FoldChecks(Verdict verdict, RecordCodec codec, Policy policy, Map<String, SimulatedNode> nodes) {
        this.verdict = verdict;
        this.codec = codec;
        this.policy = policy;
        this.nodes = nodes;
    }

    /** Records folded so far. */
    public int count() {
        return folded.size();
    }

    @Override
    public void folded(SourceRecord record, byte[] before, Outcome outcome) {
        folded.add(new Folded(record, outcome));
        if (outcome.rejected() != null) {
            refused(record, outcome);
        } else {
            admitted(record, before, outcome);
        }
    }

    // ---------------------------------------------------------- bad input [8]

    private void refused(SourceRecord record, Outcome outcome) {
        if (outcome.volume() != null || outcome.outputs().size() != 1) {
            verdict.violated(8, "?", "refused record %d changed something", record.offset());
            return;
        }
        try {
            Rejected kept = (Rejected) codec.decode(outcome.outputs().get(0).value());
            boolean whole = kept.getOffset() == record.offset()
                    && Objects.equals(kept.getKey(), wrap(record.key()))
                    && Objects.equals(kept.getValue(), wrap(record.value()))
                    && kept.getHeaders().size() == record.headers().toArray().length;
            if (!whole) {
                verdict.violated(8, "?", "refused record %d is not kept whole", record.offset());
            }
        } catch (UndecodableException e) {
            verdict.violated(8, "?", "refused record %d is kept as something unreadable", record.offset());
        }
    }

    private static ByteBuffer wrap(byte[] bytes) {
        return bytes == null ? null : ByteBuffer.wrap(bytes);
    }

    // ------------------------------------------------- what was folded [2] [3]

    private void admitted(SourceRecord record, byte[] before, Outcome outcome) {
        Event event = event(record);
        String volumeId = event.meta().volumeId();
        OfVolume volume = volumes.computeIfAbsent(volumeId, OfVolume::new);
        if (!Arrays.equals(before, volume.bytes)) {
            verdict.violated(
                    1, volumeId, "record %d was folded onto another state than the one before", record.offset());
        }
        if (outcome.volume() == null) {
            return;
        }
        VolumeState next = outcome.volume();
        epochs(volume, event, next);
        members(volume, event, next);
        sessions(volume, next);
        disks(next);
        volume.state = next;
        volume.bytes = outcome.state();
    }

    private Event event(SourceRecord record) {
        try {
            return EventMapping.toEngine(codec.decode(record.value())).orElseThrow();
        } catch (UndecodableException | UnknownWordException e) {
            throw new IllegalStateException("record " + record.offset() + " was folded and is no event", e);
        }
    }

    private void epochs(OfVolume volume, Event event, VolumeState next) {
        long epoch = event.meta().epoch();
        View view = volume.state.views().get(event.meta().nodeId());
        boolean ofPrimary = !(event instanceof Event.ReadinessObserved) || view != null && view.role() == Role.PRIMARY;
        if (epoch < volume.state.epoch() && ofPrimary) {
            verdict.violated(
                    3,
                    next.volumeId(),
                    "%s of epoch %d was folded at epoch %d",
                    event.getClass().getSimpleName(),
                    epoch,
                    volume.state.epoch());
        }
        if (next.epoch() < volume.state.epoch()) {
            verdict.violated(3, next.volumeId(), "the epoch fell from %d to %d", volume.state.epoch(), next.epoch());
        }
        for (View each : next.views()) {
            if (each.role() == Role.PRIMARY) {
                String known = volume.primaries.putIfAbsent(each.epoch(), each.nodeId());
                if (known != null && !known.equals(each.nodeId())) {
                    verdict.violated(
                            3,
                            next.volumeId(),
                            "%s and %s are primary of epoch %d",
                            known,
                            each.nodeId(),
                            each.epoch());
                }
            }
        }
    }

    /** Who was removed counts for nothing from then on [G3] [invariant 6]. */
    private void members(OfVolume volume, Event event, VolumeState next) {
        boolean ofPrimary = event instanceof Event.AssignmentDelivered assignment && assignment.role() == Role.PRIMARY;
        if (ofPrimary && event.meta().nodeId().equals(next.primaryId())) {
            volume.assigned = new HashSet<>();
            ((Event.AssignmentDelivered) event).replicas().forEach(replica -> volume.assigned.add(replica.replicaId()));
        }
        View primary = next.primaryView();
        if (primary == null) {
            return;
        }
        for (ReplicaView replica : primary.replicas()) {
            if (!volume.assigned.contains(replica.id()) && replica.session().inKeepUp()) {
                verdict.violated(6, next.volumeId(), "%s was removed and still counts as in sync", replica.id());
            }
        }
    }

    private void sessions(OfVolume volume, VolumeState next) {
        Set<Long> live = new HashSet<>();
        Set<String> replicas = new HashSet<>();
        for (View view : next.views()) {
            for (ReplicaView replica : view.replicas()) {
                Session session = replica.session();
                if (!session.live()) {
                    continue;
                }
                live.add(session.id());
                if (!replicas.add(replica.id())) {
                    verdict.violated(2, next.volumeId(), "%s has two live sessions", replica.id());
                }
                if (volume.over.contains(session.id())) {
                    verdict.violated(2, next.volumeId(), "session %d lives again after its end", session.id());
                }
                if (!volume.live.contains(session.id()) && session.id() <= volume.newest) {
                    verdict.violated(2, next.volumeId(), "session %d was issued after %d", session.id(), volume.newest);
                }
                volume.newest = Math.max(volume.newest, session.id());
            }
        }
        for (long session : volume.live) {
            if (!live.contains(session)) {
                volume.over.add(session);
            }
        }
        volume.live.clear();
        volume.live.addAll(live);
    }

    // --------------------------------------------------------- the truth [6]

    /** Whoever counts as in sync has no marker of an unfinished rebuild on its disk. */
    private void disks(VolumeState next) {
        View primary = next.primaryView();
        if (primary == null) {
            return;
        }
        boolean healthy = VolumeOverview.of(policy, next).projection().healthy();
        for (ReplicaView replica : primary.replicas()) {
            boolean counted = replica.session().inKeepUp();
            SimulatedNode node = nodes.get(replica.id());
            if ((counted || healthy) && node != null && unproven(node, next.volumeId())) {
                verdict.violated(
                        6,
                        next.volumeId(),
                        "%s counts as in sync%s, on its disk stands the marker of an unfinished rebuild",
                        replica.id(),
                        healthy ? " and the volume as healthy" : "");
            }
        }
    }

    private static boolean unproven(SimulatedNode node, String volumeId) {
        HostedStatus status = node.volume(volumeId).map(HostedVolume::status).orElse(null);
        return status != null && !status.recoverable() && !status.damaged();
    }

    // ---------------------------------------------------------------- the end

    /** Every session that was issued has ended [invariant 2]. */
    public void atRest() {
        volumes.forEach((id, volume) -> {
            if (!volume.live.isEmpty()) {
                verdict.violated(2, id, "sessions %s never ended", volume.live);
            }
        });
    }

    /** The whole log once more gives the same, byte for byte [invariant 1]. */
    public void refold() {
        Decider decider = new Decider(codec, policy, 1);
        Map<String, VolumeState> volumes = new HashMap<>();
        for (Folded each : folded) {
            Outcome again = decider.decide(each.record, id -> volumes.getOrDefault(id, VolumeState.initial(id)));
            if (again.volume() != null) {
                volumes.put(again.volume().volumeId(), again.volume());
            }
            if (!same(again, each.outcome)) {
                verdict.violated(
                        1, "?", "record %d gives something else when it is folded again", each.record.offset());
                return;
            }
        }
    }

    private static boolean same(Outcome a, Outcome b) {
        if (!Arrays.equals(a.state(), b.state())
                || a.outputs().size() != b.outputs().size()) {
            return false;
        }
        for (int i = 0; i < a.outputs().size(); i++) {
            Output mine = a.outputs().get(i);
            Output theirs = b.outputs().get(i);
            boolean equal = mine.sink().equals(theirs.sink())
                    && Arrays.equals(mine.key(), theirs.key())
                    && Arrays.equals(mine.value(), theirs.value())
                    && mine.headers().equals(theirs.headers());
            if (!equal) {
                return false;
            }
        }
        return true;
    }

    /** Every record of the events topic was folded or refused, in its order [invariant 8]. */
    public void complete(List<Long> offsets) {
        List<Long> seen = folded.stream().map(each -> each.record.offset()).toList();
        if (!seen.equals(offsets.subList(0, Math.min(seen.size(), offsets.size())))) {
            verdict.violated(8, "?", "records of %s were passed over or folded twice", Topics.EVENTS);
        }
    }
}
