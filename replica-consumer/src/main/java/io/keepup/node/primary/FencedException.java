package io.keepup.node.primary;

import io.keepup.v1.WalBatch;

/** The WAL lane holds records of a newer primary: this node was replaced and does not know it yet. */
public final class FencedException extends RuntimeException {

    private FencedException(String message) {
        super(message);
    }

    static FencedException by(WalBatch newer, long epoch) {
        return new FencedException("its lane holds epoch %d of %s, this node is of epoch %d"
                .formatted(newer.getEpoch(), newer.getPrimaryId(), epoch));
    }
}
