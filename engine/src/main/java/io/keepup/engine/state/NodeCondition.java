package io.keepup.engine.state;

import io.keepup.engine.message.Event;
import io.keepup.engine.word.NodeFault;
import java.util.Objects;

/**
 * What a node reported of its own copy in this epoch.
 *
 * @param fault what keeps it from doing its part [P9]
 * @param detail the node's sentence on the fault, for people; decides nothing
 * @param sizeBytes bytes that its copy has, 0 until it reported that [P10]
 * @param blockSize bytes of a block of its copy, 0 until it reported that
 * @param reports the newest ones that it was told by: one delivered again says how it was, not how it is
 */
public record NodeCondition(NodeFault fault, String detail, long sizeBytes, int blockSize, RecentEvents reports) {

    /** Nothing reported. */
    public static final NodeCondition UNKNOWN = new NodeCondition(NodeFault.NONE, "", 0, 0, RecentEvents.NONE);

    public NodeCondition {
        Objects.requireNonNull(fault, "fault");
        Objects.requireNonNull(detail, "detail");
        Objects.requireNonNull(reports, "reports");
    }

    /** Whether this very report was folded before, and was one of the condition. */
    public boolean knows(Event.ReadinessObserved event) {
        return reports.contains(event.meta().eventId());
    }

    /** Overwrites only what the event carries. */
    public NodeCondition with(Event.ReadinessObserved event) {
        if (event.fault() == null && event.sizeBytes() == 0 && event.blockSize() == 0) {
            return this;
        }
        return new NodeCondition(
                event.fault() == null ? fault : event.fault(),
                event.fault() == null ? detail : event.fault() == NodeFault.NONE ? "" : event.detail(),
                event.sizeBytes() == 0 ? sizeBytes : event.sizeBytes(),
                event.blockSize() == 0 ? blockSize : event.blockSize(),
                reports.with(event.meta().eventId()));
    }

    /** Whether it reported something that keeps it from doing its part. */
    public boolean faulty() {
        return fault != NodeFault.NONE;
    }
}
