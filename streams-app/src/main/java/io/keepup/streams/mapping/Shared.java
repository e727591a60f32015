package io.keepup.streams.mapping;

import io.keepup.engine.message.ReplicaEndpoint;

/**
 * One object for equal names of nodes: the states of many volumes hold the same few. To compare and write them is then mostly to
 * look at memory that is near.
 */
public final class Shared {

    private Shared() {}

    /** An equal name. */
    public static String name(String name) {
        return name.intern();
    }

    /** An endpoint of such names. */
    public static ReplicaEndpoint endpoint(String replicaId, String dataAddr, String ctrlAddr) {
        return new ReplicaEndpoint(name(replicaId), name(dataAddr), name(ctrlAddr));
    }
}
