package io.keepup.volume;

/** What the node is for this volume, as the master assigned it. */
public enum VolumeRole {
    /** Neither: holds data, takes none. */
    NONE,
    /** Takes writes and ships them. */
    PRIMARY,
    /** Takes WAL entries and rebuild sessions. */
    REPLICA
}
