package io.keepup.volume.superblock;

import io.keepup.volume.VolumeException;
import io.keepup.volume.VolumeFault;
import io.keepup.volume.VolumeRole;
import io.keepup.volume.VolumeSpec;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32C;

/**
 * Layout of one superblock slot: 4096 bytes, big-endian, unused bytes zero.
 *
 * <pre>
 *    0 +-------------------------------+-------------------------------+
 *      | magic "KEEPUPSB"  (8)         | format version (4) | flags (4)|  flags: bit 0 = rebuild marker,
 *      |                               |                    |          |  1 = WAL, 2 = extent damaged
 *   16 +-------------------------------+-------------------------------+
 *      | generation (8)                | size in bytes (8)             |
 *   32 +-------------------------------+-------------------------------+
 *      | block size (4) | role (4)     | epoch (8)                     |  role: 0 none, 1 primary, 2 replica
 *   48 +-------------------------------+-------------------------------+
 *      | checkpoint LSN (8)            | checkpoint epoch (8)          |
 *   64 +-------------------------------+-------------------------------+
 *      | WAL tail (8)                  | epoch before the tail (8)     |
 *   80 +-------------------------------+-------------------------------+
 *      | WAL durable at least to (8)   | last rebuild session (8)      |
 *   96 +-------------------------------+-------------------------------+
 *      | id length (4) | volume id (at most 100)                       |
 *      +---------------------------------------------------------------+
 *      | ... zeros                                                     |
 * 4092 +---------------------------------------------------------------+
 *      | CRC-32C of bytes 0 to 4091 (4)                                |
 * 4096 +---------------------------------------------------------------+
 * </pre>
 *
 * <p>Magic, version and checksum stay where they are in every version, so that any version can say "this is another one".
 */
final class SuperblockFormat {
    static final int SLOT_BYTES = 4096;
    /** 1: no checksums of blocks. */
    static final int VERSION = 2;

    private static final long MAGIC = 0x4B45455055505342L;
    private static final int CRC_AT = SLOT_BYTES - Integer.BYTES;
    private static final int REBUILDING = 1;
    private static final int WAL_DAMAGED = 2;
    private static final int EXTENT_DAMAGED = 4;
    private static final int MAX_ID = 100;

    private SuperblockFormat() {}

    /** What a slot's bytes turned out to be. */
    sealed interface Slot {
        /** Intact and of this version. */
        record Intact(SuperblockState state) implements Slot {}

        /** Intact and of a version this code does not know. */
        record Foreign(int version) implements Slot {}

        /** Torn or damaged. */
        record Damaged() implements Slot {}
    }

    static ByteBuffer encode(SuperblockState s) {
        ByteBuffer slot = ByteBuffer.allocate(SLOT_BYTES);
        slot.putLong(MAGIC).putInt(VERSION).putInt(flags(s));
        slot.putLong(s.generation()).putLong(s.spec().sizeBytes());
        slot.putInt(s.spec().blockSize()).putInt(s.role().ordinal()).putLong(s.epoch());
        slot.putLong(s.checkpointLsn()).putLong(s.checkpointEpoch());
        slot.putLong(s.walTail())
                .putLong(s.epochBeforeTail())
                .putLong(s.walDurable())
                .putLong(s.lastSessionId());
        byte[] id = s.spec().volumeId().getBytes(StandardCharsets.UTF_8);
        slot.putInt(id.length).put(id);
        slot.putInt(CRC_AT, crc(slot));
        return slot.clear();
    }

    static Slot decode(ByteBuffer slot) {
        if (slot.remaining() < SLOT_BYTES || slot.getLong(0) != MAGIC || slot.getInt(CRC_AT) != crc(slot)) {
            return new Slot.Damaged();
        }
        int version = slot.getInt(8);
        if (version != VERSION) {
            return new Slot.Foreign(version);
        }
        try {
            return new Slot.Intact(fields(slot.duplicate()));
        } catch (VolumeException | IndexOutOfBoundsException e) {
            // The checksum is right but the values cannot be: written by a bug, as bad as damage.
            return new Slot.Damaged();
        }
    }

    private static SuperblockState fields(ByteBuffer slot) {
        slot.position(12);
        int flags = slot.getInt();
        long generation = slot.getLong();
        long size = slot.getLong();
        int blockSize = slot.getInt();
        VolumeRole role = VolumeRole.values()[slot.getInt()];
        long epoch = slot.getLong();
        long checkpointLsn = slot.getLong();
        long checkpointEpoch = slot.getLong();
        long walTail = slot.getLong();
        long epochBeforeTail = slot.getLong();
        long walDurable = slot.getLong();
        long session = slot.getLong();
        byte[] id = new byte[Math.clamp(slot.getInt(), 0, MAX_ID)];
        slot.get(id);
        VolumeSpec spec = new VolumeSpec(new String(id, StandardCharsets.UTF_8), size, blockSize);
        return new SuperblockState(
                spec,
                generation,
                epoch,
                role,
                checkpointLsn,
                checkpointEpoch,
                walTail,
                epochBeforeTail,
                walDurable,
                session,
                (flags & REBUILDING) != 0,
                fault(flags));
    }

    private static int flags(SuperblockState s) {
        int flags = s.rebuilding() ? REBUILDING : 0;
        return switch (s.fault()) {
            case null -> flags;
            case LOCAL_WAL_CORRUPT -> flags | WAL_DAMAGED;
            case LOCAL_EXTENT_CORRUPT -> flags | EXTENT_DAMAGED;
        };
    }

    private static VolumeFault fault(int flags) {
        if ((flags & EXTENT_DAMAGED) != 0) {
            return VolumeFault.LOCAL_EXTENT_CORRUPT;
        }
        return (flags & WAL_DAMAGED) != 0 ? VolumeFault.LOCAL_WAL_CORRUPT : null;
    }

    private static int crc(ByteBuffer slot) {
        CRC32C crc = new CRC32C();
        crc.update(slot.array(), slot.arrayOffset(), CRC_AT);
        return (int) crc.getValue();
    }
}
