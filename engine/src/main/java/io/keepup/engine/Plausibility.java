package io.keepup.engine;

import io.keepup.engine.message.Event;
import io.keepup.engine.message.Event.AssignmentDelivered;
import io.keepup.engine.message.Event.BarrierConfirmed;
import io.keepup.engine.message.Event.CancelRequested;
import io.keepup.engine.message.Event.PrimarySilent;
import io.keepup.engine.message.Event.ProjectionOverwritten;
import io.keepup.engine.message.Event.ReadinessObserved;
import io.keepup.engine.message.Event.RebuildRequested;
import io.keepup.engine.message.Event.SessionCompleted;
import io.keepup.engine.message.Event.SessionFailed;
import io.keepup.engine.message.Event.SessionProgress;
import io.keepup.engine.message.Event.SyncAckReceived;
import io.keepup.engine.message.Meta;
import io.keepup.engine.message.ReplicaEndpoint;
import io.keepup.engine.message.SyncAck;
import io.keepup.engine.state.VolumeState;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Finds facts that cannot be true, whatever came before [G7]. Each check answers a sentence, or null when all is well. */
final class Plausibility {

    private static final int LONGEST_ID = 100;
    private static final int SMALLEST_BLOCK = 512;
    private static final int LARGEST_BLOCK = 1 << 20;

    private Plausibility() {}

    static String objection(VolumeState state, Event event) {
        Meta meta = event.meta();
        if (meta.eventId().isBlank()
                || meta.volumeId().isBlank()
                || meta.nodeId().isBlank()) {
            return "event id, volume id and node id must not be blank";
        }
        if (!meta.volumeId().equals(state.volumeId())) {
            return "it speaks of volume " + meta.volumeId() + ", not of " + state.volumeId();
        }
        if (meta.epoch() < 0 || meta.occurredAt() < 0) {
            return "epoch " + meta.epoch() + " and time " + meta.occurredAt() + " must not be negative";
        }
        if (event instanceof Event.OfReplica e && e.replicaId().isBlank()) {
            return "the replica id must not be blank";
        }
        return switch (event) {
            case AssignmentDelivered e -> assignment(state, e);
            case ReadinessObserved e -> readiness(state, e);
            case SyncAckReceived e -> sync(e);
            case SessionProgress e ->
                negative(e.sessionId()
                        | e.progress()
                        | e.walAppliedLsn()
                        | e.baseBlocksDone()
                        | e.baseBlocksTotal()
                        | e.bytes()
                        | e.pace().baseBytes()
                        | e.pace().walBytes()
                        | e.pace().bytesPerSecond());
            case SessionCompleted e -> negative(e.sessionId() | e.durableLsn() | e.achievedLsn());
            case SessionFailed e -> negative(e.sessionId() | e.seen() - SessionFailed.KNOWN);
            case RebuildRequested e -> null;
            case CancelRequested e -> negative(e.sessionId());
            case PrimarySilent e -> negative(e.syncId());
            case ProjectionOverwritten e -> null;
            case BarrierConfirmed e -> negative(e.durableLsn());
        };
    }

    /** Takes any number of numbers, or-ed: the sign bit of one is the sign bit of all. */
    private static String negative(long numbers) {
        return numbers < 0 ? "LSNs, ids and counts must not be negative" : null;
    }

    private static String sync(SyncAckReceived event) {
        SyncAck ack = event.ack();
        String negative = negative(event.syncId()
                | event.primaryWalTail()
                | event.primaryWalHead()
                | event.primaryEpochAtApplied()
                | event.primaryUptimeMs()
                | ack.durableLsn()
                | ack.appliedLsn()
                | ack.receivedLsn()
                | ack.walTail()
                | ack.sessionId()
                | ack.appliedEpoch());
        if (negative != null) {
            return negative;
        }
        if (ack.appliedLsn() > 0 && ack.durableLsn() > ack.appliedLsn()) {
            return "durable LSN " + ack.durableLsn() + " is above applied LSN " + ack.appliedLsn();
        }
        if (event.primaryWalTail() - 1 > event.primaryWalHead()) {
            return "WAL tail " + event.primaryWalTail() + " is above head " + event.primaryWalHead() + " + 1";
        }
        return null;
    }

    private static String assignment(VolumeState state, AssignmentDelivered event) {
        Meta meta = event.meta();
        if (meta.epoch() == 0) {
            return "an assignment's epoch starts at 1";
        }
        if (event.sizeBytes() < 0 || event.blockSize() < 0) {
            return "sizes must not be negative";
        }
        long size = state.sizeAfter(event.sizeBytes());
        int block = state.blockSizeAfter(event.blockSize());
        String misfit = geometry(size, block);
        if (misfit != null) {
            return misfit;
        }
        if (!isId(meta.volumeId()) || !isId(meta.nodeId())) {
            return "ids are 1 to " + LONGEST_ID + " letters, digits, _ and -, not " + meta.volumeId() + " and "
                    + meta.nodeId();
        }
        return replicas(meta.nodeId(), event.replicas());
    }

    private static String readiness(VolumeState state, ReadinessObserved event) {
        if (event.sizeBytes() < 0 || event.blockSize() < 0) {
            return "sizes must not be negative";
        }
        boolean told = event.sizeBytes() > 0 || event.blockSize() > 0;
        long size = event.sizeBytes() == 0 ? state.sizeBytes() : event.sizeBytes();
        int block = event.blockSize() == 0 ? state.blockSize() : event.blockSize();
        return told ? geometry(size, block) : null;
    }

    /** What no node can hold is no size [P10]. */
    private static String geometry(long size, int block) {
        if (Integer.bitCount(block) != 1 || block < SMALLEST_BLOCK || block > LARGEST_BLOCK) {
            return "block size " + block + " is no power of two from " + SMALLEST_BLOCK + " to " + LARGEST_BLOCK;
        }
        if (size % block != 0) {
            return "size " + size + " is no multiple of block size " + block;
        }
        if (size / block > VolumeState.MOST_BLOCKS) {
            return "size " + size + " is more than the " + VolumeState.MOST_BLOCKS + " blocks of " + block
                    + " bytes that a volume can have";
        }
        return null;
    }

    private static String replicas(String nodeId, List<ReplicaEndpoint> replicas) {
        Set<String> seen = new HashSet<>();
        for (ReplicaEndpoint replica : replicas) {
            String id = replica.replicaId();
            if (!isId(id)) {
                return "replica id '" + id + "' is not 1 to " + LONGEST_ID + " letters, digits, _ and -";
            }
            if (id.equals(nodeId)) {
                return "node " + id + " stands among its own replicas";
            }
            if (!seen.add(id)) {
                return "replica " + id + " stands twice";
            }
        }
        return null;
    }

    /** Ids become names of topics and directories, so an assignment, which brings them in, is held to this. */
    private static boolean isId(String id) {
        if (id.isEmpty() || id.length() > LONGEST_ID || id.charAt(0) == '_' || id.charAt(0) == '-') {
            return false;
        }
        for (int i = 0; i < id.length(); i++) {
            char c = id.charAt(i);
            boolean allowed =
                    c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '-';
            if (!allowed) {
                return false;
            }
        }
        return true;
    }
}
