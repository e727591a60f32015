package io.keepup.bench.simulate.plan;

/** What can be done to a history. The word is what reports call it. */
public enum Deed {
    // what people and programs do
    WRITES("writes", false, 30),
    TRIM_WAL("trim_wal", false, 4),
    FLUSH("flush", false, 2),
    FAILOVER("failover", false, 4),
    MEMBER_LEAVES("member_leaves", false, 2),
    MEMBER_COMES("member_comes", false, 3),
    REBUILD_WISH("rebuild_wish", false, 3),
    CANCEL_WISH("cancel_wish", false, 2),
    // what goes wrong
    POWER_CUT("power_cut", true, 4),
    POWER_CUT_IN_CHANGE("power_cut_in_change", true, 5),
    KILL("kill", true, 4),
    RESTART("restart", true, 2),
    DISK_LOST("disk_lost", true, 1),
    DISK_FULL("disk_full", true, 2),
    DISK_ERROR("disk_error", true, 2),
    PARTITION("partition", true, 5),
    DELAY("delay", true, 5),
    DUPLICATE_EVENT("duplicate_event", true, 4),
    DUPLICATE_COMMAND("duplicate_command", true, 4),
    DUPLICATE_WAL("duplicate_wal", true, 2),
    DUPLICATE_BASE("duplicate_base", true, 2),
    REDELIVERY("redelivery", true, 2),
    STALE_ASSIGNMENT("stale_assignment", true, 2),
    RETENTION_CUT("retention_cut", true, 3),
    FLIPPED_BIT("flipped_bit", true, 4),
    GARBAGE("garbage", true, 4),
    STREAMS_ABORT("streams_abort", true, 3),
    STREAMS_RESTART("streams_restart", true, 2),
    SYNC_LOST("sync_lost", true, 3),
    CLOCK_STEP("clock_step", true, 3);

    private final String word;
    private final boolean fault;
    private final int weight;

    Deed(String word, boolean fault, int weight) {
        this.word = word;
        this.fault = fault;
        this.weight = weight;
    }

    public String word() {
        return word;
    }

    /** Whether it is something that goes wrong. */
    public boolean fault() {
        return fault;
    }

    int weight() {
        return weight;
    }
}
