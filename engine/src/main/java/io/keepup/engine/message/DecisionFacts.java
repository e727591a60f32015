package io.keepup.engine.message;

/**
 * The facts a session was decided from [E4].
 *
 * @param replicaLsn position of the replica
 * @param primaryWalTail oldest LSN the primary retained, as of that sync
 * @param primaryWalHead newest LSN of the primary, as of that sync
 */
public record DecisionFacts(long replicaLsn, long primaryWalTail, long primaryWalHead) {}
