package io.keepup.engine.word;

/** Mode of a view or a volume [E10]. */
public enum Mode implements Word {
    ALLOCATED_ONLY("allocated_only"),
    BOOTSTRAP_PENDING("bootstrap_pending"),
    REPLICA_READY("replica_ready"),
    PUBLISH_HEALTHY("publish_healthy"),
    DEGRADED("degraded"),
    NEEDS_REBUILD("needs_rebuild");

    private final String word;

    Mode(String word) {
        this.word = word;
    }

    @Override
    public String word() {
        return word;
    }
}
