package io.keepup.node.note;

import io.keepup.v1.SessionKind;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * What a node remembers of a volume beside its data; a value, replaced as a whole.
 *
 * @param epoch epoch the fields up to {@code shippedEpoch} belong to
 * @param primaryId who asked last in that epoch, for session events; empty until heard
 * @param configured whether the shipper was configured in that epoch
 * @param replicas the replicas of a primary
 * @param configuredBy ids of the commands that named replicas in that epoch, the newest last; absent in older notes
 * @param shippedEpoch epoch in which the WAL lane was made to hold this node's history; 0 for none
 * @param session newest session this node took part in as the replica; null for none
 * @param issued newest session id per replica that this node took part in as the primary
 * @param pins live pins of a primary
 */
public record NoteState(
        long epoch,
        String primaryId,
        boolean configured,
        List<Replica> replicas,
        List<String> configuredBy,
        long shippedEpoch,
        Session session,
        Map<String, Long> issued,
        List<Pin> pins) {

    public static final NoteState EMPTY =
            new NoteState(0, "", false, List.of(), List.of(), 0, null, Map.of(), List.of());

    public NoteState {
        configuredBy = configuredBy == null ? List.of() : List.copyOf(configuredBy);
    }

    /** A replica as its primary knows it. */
    public record Replica(String id, String dataAddr, String ctrlAddr) {}

    /** A session on the replica; still {@code live} after a restart means that nobody heard how it ended [R9]. */
    public record Session(long id, long epoch, SessionKind kind, String primaryId, boolean live) {}

    /** WAL above {@code lsn} is kept for a session [N1]. */
    public record Pin(long sessionId, String replicaId, SessionKind kind, long lsn) {}

    /** Forgets the role's facts; sessions are remembered, so that stale ids stay stale. */
    public NoteState newEpoch(long newEpoch) {
        return new NoteState(newEpoch, "", false, List.of(), List.of(), shippedEpoch, session, issued, List.of());
    }

    public NoteState withPrimary(String id) {
        return new NoteState(epoch, id, configured, replicas, configuredBy, shippedEpoch, session, issued, pins);
    }

    /** What a command that was not executed yet names; any other changes nothing. */
    public NoteState withReplicas(List<Replica> newReplicas, String commandId) {
        if (configuredBy.contains(commandId)) {
            return this;
        }
        List<String> commands = new ArrayList<>(configuredBy);
        commands.add(commandId);
        return new NoteState(
                epoch, primaryId, true, List.copyOf(newReplicas), commands, shippedEpoch, session, issued, pins);
    }

    public NoteState withShippedEpoch(long newEpoch) {
        return new NoteState(epoch, primaryId, configured, replicas, configuredBy, newEpoch, session, issued, pins);
    }

    public NoteState withSession(Session newSession) {
        return new NoteState(
                epoch, primaryId, configured, replicas, configuredBy, shippedEpoch, newSession, issued, pins);
    }

    public NoteState withIssued(Map<String, Long> newIssued, List<Pin> newPins) {
        return new NoteState(
                epoch,
                primaryId,
                configured,
                replicas,
                configuredBy,
                shippedEpoch,
                session,
                Collections.unmodifiableMap(new TreeMap<>(newIssued)),
                List.copyOf(newPins));
    }
}
