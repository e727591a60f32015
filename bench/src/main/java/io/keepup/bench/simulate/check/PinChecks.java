package io.keepup.bench.simulate.check;

import io.keepup.bench.simulate.world.SimulatedNode;
import io.keepup.node.hosting.HostedStatus;
import io.keepup.node.hosting.HostedStatus.PinStatus;
import io.keepup.node.hosting.HostedVolume;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/**
 * Invariant 7. The tail is what a primary says it is, and what it deletes never goes further. Looked at whenever a primary
 * says or deletes something; a pin that came and went between two such moments held back nothing that was deleted.
 */
public final class PinChecks {

    private static final class Pins {
        final Map<Long, Long> live = new HashMap<>();
        final Set<Long> released = new HashSet<>();
        /** Taken when the tail had passed already: their sessions find nothing to begin with [N4]. */
        final Set<Long> late = new HashSet<>();

        int start;
        long tail;
        boolean cut;
    }

    private final Verdict verdict;
    private final Map<String, Pins> pins = new HashMap<>();

    public PinChecks(Verdict verdict) {
        this.verdict = verdict;
    }

    /** Somebody else deleted from the volume's lane: pins that live now may be passed by the tail, their sessions end [N4]. */
    public void cutByOthers(String volumeId) {
        pins.forEach((of, known) -> known.cut |= of.startsWith(volumeId + "/"));
    }

    /** Compares a primary's pins and tail with those before. */
    public void look(SimulatedNode node, String volumeId) {
        HostedStatus status = status(node, volumeId);
        if (status == null) {
            return;
        }
        Pins known = pins.computeIfAbsent("%s/%s/%s".formatted(volumeId, node.id(), status.epoch()), any -> new Pins());
        if (known.start != node.starts()) {
            known.start = node.starts();
            known.tail = 0;
        }
        Map<Long, Long> live = new HashMap<>();
        for (PinStatus pin : status.pins()) {
            live.put(pin.sessionId(), pin.lsn());
            if (!known.live.containsKey(pin.sessionId()) && pin.lsn() + 1 < status.laneTail()) {
                known.late.add(pin.sessionId());
            }
            if (known.released.contains(pin.sessionId())) {
                verdict.violated(7, volumeId, "%s pins session %d again, which it had released", node, pin.sessionId());
            }
        }
        long lowest = known.live.entrySet().stream()
                .filter(pin -> live.containsKey(pin.getKey()) && !known.late.contains(pin.getKey()))
                .mapToLong(Map.Entry::getValue)
                .min()
                .orElse(Long.MAX_VALUE - 1);
        if (known.tail > 0 && status.laneTail() > known.tail && status.laneTail() > lowest + 1 && !known.cut) {
            verdict.violated(
                    7, volumeId, "%s has a tail at LSN %d, a live pin is at %d", node, status.laneTail(), lowest);
        }
        known.live.keySet().stream().filter(id -> !live.containsKey(id)).forEach(known.released::add);
        known.live.clear();
        known.live.putAll(live);
        known.tail = status.laneTail();
    }

    /** The node itself deleted an LSN of its epoch from its lane. */
    public void deleted(SimulatedNode node, String volumeId, long lsn) {
        HostedStatus status = status(node, volumeId);
        if (status != null && lsn >= status.laneTail() && status.laneTail() > 0) {
            verdict.violated(
                    7, volumeId, "%s deleted LSN %d and says it has all from %d on", node, lsn, status.laneTail());
        }
    }

    private static HostedStatus status(SimulatedNode node, String volumeId) {
        HostedVolume volume = node.volume(volumeId).orElse(null);
        return volume == null || volume.primary().isEmpty() ? null : volume.status();
    }
}
