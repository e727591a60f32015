package io.keepup.volume;

import static io.keepup.volume.Fixtures.BLOCK;
import static io.keepup.volume.Fixtures.BLOCKS;
import static io.keepup.volume.Fixtures.SPEC;
import static io.keepup.volume.Fixtures.data;
import static io.keepup.volume.Fixtures.endBase;
import static org.assertj.core.api.Assertions.assertThat;

import io.keepup.volume.disk.SimulatedDisk;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** A replica with an old life of 5 entries, partly flushed, and its rebuild: both lanes, trims, flushes, duplicates. */
final class RebuildStory {
    static final VolumeTuning SMALL_SEGMENTS = new VolumeTuning(1 << 20, 4096);

    private RebuildStory() {}

    static SimulatedDisk replicaWithOldLife(Path dir) {
        SimulatedDisk disk = new SimulatedDisk();
        Model old = old();
        try (Volume volume = Volume.create(dir, SPEC, disk, SMALL_SEGMENTS)) {
            volume.assume(1, VolumeRole.REPLICA);
            volume.apply(old.entries(1, 3));
            volume.flush();
            volume.apply(old.entries(4, 5));
        }
        return disk;
    }

    private static Model old() {
        Model old = new Model(SPEC);
        for (int i = 0; i < 5; i++) {
            old.write(i * 8, data(900 + i, 8));
        }
        return old;
    }

    static byte[] oldLife() {
        return old().at(5);
    }

    /** Base at LSN 20: even blocks of seed 1000, every second chunk zeros; WAL 21 to 26 over it. */
    static void rebuild(Volume volume, long sessionId) {
        RebuildSession session = volume.rebuild().start(new RebuildBounds(sessionId, 1, 20, 1, 22, false));
        List<WalEntry> wal = newWal();
        List<BaseBlocks> chunks = newBase(session.bounds());
        Fixtures.applyWal(session, wal.subList(0, 2));
        session.applyBase(chunks.get(1));
        volume.flush();
        session.applyBase(chunks.get(0));
        Fixtures.applyWal(session, wal.subList(2, 4));
        chunks.forEach(session::applyBase);
        endBase(session, chunks, 26);
        Fixtures.applyWal(session, wal.subList(3, 6));
        assertThat(session.tryComplete()).isPresent();
    }

    private static List<BaseBlocks> newBase(RebuildBounds bounds) {
        List<BaseBlocks> chunks = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            ByteBuffer payload = i % 2 == 0 ? data(1000 + i, 16) : null;
            chunks.add(BaseBlocks.of(bounds.sessionId(), bounds.epoch(), i, i * 16, 16, i == 3, payload));
        }
        return chunks;
    }

    private static List<WalEntry> newWal() {
        return List.of(
                Fixtures.write(1, 21, 10, 21, 12),
                WalEntry.trim(1, 22, 0, 3),
                Fixtures.write(1, 23, 30, 23, 4),
                WalEntry.trim(1, 24, 33, 8),
                Fixtures.write(1, 25, 1, 25, 1),
                Fixtures.write(1, 26, 60, 26, 4));
    }

    static byte[] newLife() {
        byte[] image = new byte[BLOCKS * BLOCK];
        for (int i = 0; i < 4; i += 2) {
            data(1000 + i, 16).get(image, i * 16 * BLOCK, 16 * BLOCK);
        }
        for (WalEntry e : newWal()) {
            int at = (int) e.lba() * BLOCK;
            if (e.kind() == WalEntryKind.WRITE) {
                e.payload().get(image, at, e.blocks() * BLOCK);
            } else {
                Arrays.fill(image, at, at + e.blocks() * BLOCK, (byte) 0);
            }
        }
        return image;
    }
}
