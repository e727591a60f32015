package io.keepup.volume;

/** What a WAL entry does to its blocks. */
public enum WalEntryKind {
    /** Replaces the blocks with the payload. */
    WRITE(1),
    /** Makes the blocks read as zeros; no payload. */
    TRIM(2);

    private final byte code;

    WalEntryKind(int code) {
        this.code = (byte) code;
    }

    /** The byte that stands for this kind on disk and in the checksum. */
    public byte code() {
        return code;
    }

    /** The kind with that code, or null when there is none. */
    public static WalEntryKind ofCode(int code) {
        return switch (code) {
            case 1 -> WRITE;
            case 2 -> TRIM;
            default -> null;
        };
    }
}
