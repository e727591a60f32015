package io.keepup.node.hosting;

import java.util.List;

/**
 * A volume on this node, for people and programs; read at one moment, not across nodes. LSNs of the WAL lane and the
 * barrier are 0 on a replica.
 *
 * @param role {@code primary}, {@code replica} or {@code none}
 * @param appliedEpoch epoch of the entry at {@code appliedLsn}; 0 when not known
 * @param walTail oldest LSN in the local WAL
 * @param laneTail oldest LSN on the WAL lane, primary only; 0 while it is not known
 * @param shippedLsn newest LSN the broker has, primary only
 * @param barrierLsn durable on a majority, primary only
 * @param fault what keeps this node from doing its part for the volume [P9], or the damage that was found; null when nothing does
 * @param faultDetail what happened and what to do, one sentence; null as {@code fault}
 * @param sessionId newest session this node took part in as the replica; 0 for none
 */
public record HostedStatus(
        String volumeId,
        String nodeId,
        String role,
        long epoch,
        long sizeBytes,
        int blockSize,
        long appliedLsn,
        long appliedEpoch,
        long durableLsn,
        long checkpointLsn,
        long walTail,
        long laneTail,
        long shippedLsn,
        long barrierLsn,
        boolean recoverable,
        String fault,
        String faultDetail,
        long sessionId,
        boolean sessionActive,
        List<PinStatus> pins,
        List<String> replicas) {

    /** Whether damage of the copy was found that only a rebuild mends. */
    public boolean damaged() {
        return fault != null && fault.startsWith("local_");
    }

    /** A live pin of a primary. */
    public record PinStatus(long sessionId, String replicaId, String kind, long lsn) {}
}
