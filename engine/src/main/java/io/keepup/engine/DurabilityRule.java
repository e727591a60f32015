package io.keepup.engine;

import io.keepup.engine.state.ById;
import io.keepup.engine.state.ReplicaView;
import io.keepup.engine.state.View;
import io.keepup.engine.word.Word;

/** On how many copies, counted over primary and replicas, an entry must be durable before it counts as such [P2]. */
public enum DurabilityRule implements Word {
    ANY("any"),
    /** The majority. */
    QUORUM("quorum"),
    ALL("all");

    private final String word;

    DurabilityRule(String word) {
        this.word = word;
    }

    @Override
    public String word() {
        return word;
    }

    /** Copies needed of so many. */
    int needed(int copies) {
        return switch (this) {
            case ANY -> 1;
            case QUORUM -> copies / 2 + 1;
            case ALL -> copies;
        };
    }

    /**
     * The highest LSN that this rule proves durable from the facts of one primary's view. The primary counts with its head,
     * because it only ever reports what is durable in its own WAL; a replica counts with its own durable LSN, and only in
     * keep-up, because nothing is proven of it before [R3].
     */
    long proven(View view) {
        int needed = needed(view.replicas().size() + 1);
        long proven = isProven(view, view.walHead(), needed) ? view.walHead() : 0;
        ById<ReplicaView> replicas = view.replicas();
        for (int i = 0; i < replicas.size(); i++) {
            long candidate = countedLsn(replicas.at(i));
            if (candidate > proven && isProven(view, candidate, needed)) {
                proven = candidate;
            }
        }
        return proven;
    }

    private static boolean isProven(View view, long lsn, int needed) {
        int copies = view.walHead() >= lsn ? 1 : 0;
        ById<ReplicaView> replicas = view.replicas();
        for (int i = 0; i < replicas.size(); i++) {
            if (countedLsn(replicas.at(i)) >= lsn) {
                copies++;
            }
        }
        return copies >= needed;
    }

    private static long countedLsn(ReplicaView replica) {
        return replica.session().inKeepUp() ? replica.lastSyncAck().durableLsn() : 0;
    }
}
