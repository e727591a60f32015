package io.keepup.engine.message;

import java.util.Objects;

/**
 * What every event says about itself.
 *
 * @param eventId unique per event
 * @param volumeId the volume, which is the key of the fold
 * @param nodeId the node whose view folds the event
 * @param epoch number of the assignment it was said under
 * @param occurredAt ms since 1970 on the clock of whoever said it; the engine has no other clock
 * @param source {@code master}, {@code node/<id>}, {@code watchdog} or {@code operator/<name>}
 */
public record Meta(String eventId, String volumeId, String nodeId, long epoch, long occurredAt, String source) {

    private static final String NODE = "node/";

    public Meta {
        Objects.requireNonNull(eventId, "eventId");
        Objects.requireNonNull(volumeId, "volumeId");
        Objects.requireNonNull(nodeId, "nodeId");
        Objects.requireNonNull(source, "source");
    }

    /** Whether that node itself said it, not somebody about it. */
    public boolean saidByNode(String id) {
        return source.length() == NODE.length() + id.length() && source.startsWith(NODE) && source.endsWith(id);
    }
}
