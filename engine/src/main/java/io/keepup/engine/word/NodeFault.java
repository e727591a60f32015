package io.keepup.engine.word;

/** What keeps a node from doing its part for a volume [P9]; a stable vocabulary. */
public enum NodeFault implements Word {
    /** Nothing that it reported. */
    NONE(""),
    /** Something that this version has no word for; the node's sentence has it. */
    OTHER("node_fault"),
    /** A change failed, and none was made since. */
    DISK_FAILED("disk_failed"),
    DISK_READ_ONLY("disk_read_only"),
    /** The node has no right to write there. */
    DISK_NOT_WRITABLE("disk_not_writable"),
    DISK_FULL("disk_full"),
    /** Damage that makes a primary refuse to serve; a replica's sync says it, and it is rebuilt [P4]. */
    LOCAL_WAL_CORRUPT("local_wal_corrupt"),
    LOCAL_EXTENT_CORRUPT("local_extent_corrupt"),
    /** The copy on its disk cannot be opened. */
    VOLUME_UNREADABLE("volume_unreadable"),
    /** Its copy holds data and has another size, or other blocks, than the volume [P10]. */
    SIZE_MISMATCH("size_mismatch"),
    /** Assigned as primary, it has nothing of a volume that was written. */
    DATA_MISSING("data_missing"),
    /** It cannot hold a volume of that size. */
    SIZE_UNSUPPORTED("size_unsupported"),
    /** Its copy is at a higher epoch than the assignment. */
    STALE_EPOCH("stale_epoch"),
    /** It did not take the role for another reason. */
    ROLE_REFUSED("role_refused");

    private final String word;

    NodeFault(String word) {
        this.word = word;
    }

    @Override
    public String word() {
        return word;
    }

    /** No session can get anywhere with this node. A full disk may have room again before the next one is over. */
    public boolean stopsSessions() {
        return this != NONE && this != DISK_FULL && this != OTHER;
    }
}
