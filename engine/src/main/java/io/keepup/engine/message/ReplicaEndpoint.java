package io.keepup.engine.message;

import java.util.Objects;

/**
 * A replica and where it is reached.
 *
 * @param replicaId node id of the replica
 * @param dataAddr host:port of block I/O
 * @param ctrlAddr host:port of the control surface
 */
public record ReplicaEndpoint(String replicaId, String dataAddr, String ctrlAddr) {

    public ReplicaEndpoint {
        Objects.requireNonNull(replicaId, "replicaId");
        Objects.requireNonNull(dataAddr, "dataAddr");
        Objects.requireNonNull(ctrlAddr, "ctrlAddr");
    }
}
