package io.keepup.bench.simulate.world;

import io.keepup.node.hosting.HostedStatus;

/** Keeps count of what was written to a volume, and knows what each copy holds of it. */
public interface Ledger {

    /**
     * The node is about to write as primary: the entry may come to be from now on.
     *
     * @param firstId number of the first block's write, each block's one higher; 0 for a trim
     */
    void writes(SimulatedNode node, long epoch, long lsn, long lba, int count, long firstId);

    /** The node took that write: no other one can be found at its LSN. */
    void wrote(long epoch, long lsn);

    /** A writer was told that a majority has everything up to there. */
    void acknowledged(SimulatedNode node, HostedStatus asked, HostedStatus told, long lsn);

    /**
     * How far a copy is among those that may become primary: the newest epoch whose history it has at least up to that
     * epoch's start, then its durable LSN. Null when it cannot be one. Neither the epoch of a copy's role nor that of its
     * last entry will do instead: a copy takes a role long before it has the data, and an acknowledged entry may be of an
     * older epoch than one that nobody else has.
     */
    long[] rank(SimulatedNode node);
}
