package io.keepup.engine.message;

/**
 * Where a command comes from: the state and the event it was decided in. A replay gives the same one.
 *
 * @param volumeId the volume
 * @param nodeId the node in whose view it was decided: the one that gets a role, or the primary of a session
 * @param epoch epoch of that view; of a cancelled session, the epoch it was issued under
 * @param sequence number of the command within the volume, 1, 2, 3 …
 * @param causeEventId the event that led to it
 * @param occurredAt ms, taken from that event
 */
public record Origin(String volumeId, String nodeId, long epoch, long sequence, String causeEventId, long occurredAt) {

    /** Identity of the command on its way and at the node, which does it once however often it comes. */
    public String commandId() {
        return volumeId + "/" + sequence + "/" + causeEventId;
    }
}
