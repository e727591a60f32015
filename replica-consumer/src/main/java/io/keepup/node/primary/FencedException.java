package io.keepup.node.primary;

import io.keepup.node.lane.WalTopic;
import io.keepup.v1.WalBatch;
import java.util.Optional;

/** The WAL lane holds records of a newer primary: this node was replaced and does not know it yet. */
public final class FencedException extends RuntimeException {

    private FencedException(String message) {
        super(message);
    }

    /** @throws FencedException when what was found on the lane is of an epoch above this one */
    static void throwIfNewer(Optional<WalTopic.Shipped> found, long epoch) {
        Optional<WalBatch> newer = found.map(WalTopic.Shipped::batch).filter(batch -> batch.getEpoch() > epoch);
        if (newer.isPresent()) {
            throw new FencedException("its lane holds epoch %s of %s, this node is of epoch %s"
                    .formatted(newer.get().getEpoch(), newer.get().getPrimaryId(), epoch));
        }
    }
}
