package io.keepup.volume;

import static io.keepup.volume.Fixtures.SPEC;
import static io.keepup.volume.Fixtures.flipByte;
import static io.keepup.volume.Fixtures.kindOf;
import static io.keepup.volume.Fixtures.primary;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.keepup.volume.VolumeException.Kind;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SuperblockTest {
    private static final int SLOT = 4096;

    @TempDir
    Path dir;

    private Path superblock;

    @BeforeEach
    void createVolume() {
        superblock = dir.resolve("superblock");
        try (Volume volume = primary(dir)) {
            volume.write(3, Fixtures.data(1, 1));
            volume.flush();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1})
    void one_damaged_slot_is_recovered_from_the_other_and_repaired(int slot) throws IOException {
        byte[] whole = Files.readAllBytes(superblock);
        flipByte(superblock, (long) slot * SLOT + 60);

        try (Volume volume = Volume.open(dir)) {
            assertThat(volume.status().checkpointLsn()).isEqualTo(1);
            assertThat(volume.status().role()).isEqualTo(VolumeRole.PRIMARY);
        }

        assertThat(Files.readAllBytes(superblock)).isEqualTo(whole);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1})
    void a_slot_that_rots_never_brings_an_older_state_back(int slot) {
        try (Volume volume = Volume.open(dir)) {
            volume.assume(2, VolumeRole.REPLICA);
            volume.rebuild().start(new RebuildBounds(7, 2, 1, 1, 1, false));
        }
        flipByte(superblock, (long) slot * SLOT + 9);

        try (Volume volume = Volume.open(dir)) {
            assertThat(volume.status().rebuildSessionId()).hasValue(7);
            assertThat(volume.status().epoch()).isEqualTo(2);
        }
    }

    @Test
    void a_torn_first_slot_leaves_the_state_before() throws IOException {
        byte[] bytes = Files.readAllBytes(superblock);
        Arrays.fill(bytes, 512, SLOT, (byte) 0x5A);
        Files.write(superblock, bytes);

        try (Volume volume = Volume.open(dir)) {
            assertThat(volume.status().checkpointLsn()).isEqualTo(1);
        }
    }

    @Test
    void both_slots_damaged_is_refused_and_nothing_touched() throws IOException {
        flipByte(superblock, 40);
        flipByte(superblock, SLOT + 41);
        byte[] damaged = Files.readAllBytes(superblock);

        assertThatThrownBy(() -> Volume.open(dir))
                .isInstanceOfSatisfying(
                        VolumeException.class, e -> assertThat(e.kind()).isEqualTo(Kind.SUPERBLOCK_CORRUPT))
                .hasMessageContaining(superblock.toString())
                .hasMessageNotContaining("\n");

        assertThat(Files.readAllBytes(superblock)).isEqualTo(damaged);
    }

    @Test
    void a_superblock_cut_short_is_refused() throws IOException {
        Files.write(superblock, new byte[100]);

        assertThat(kindOf(() -> Volume.open(dir))).isEqualTo(Kind.SUPERBLOCK_CORRUPT);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3})
    void another_format_version_is_refused_and_nothing_touched(int version) throws IOException {
        byte[] bytes = Files.readAllBytes(superblock);
        for (int slot = 0; slot < 2; slot++) {
            ByteBuffer b = ByteBuffer.wrap(bytes, slot * SLOT, SLOT).slice();
            b.putInt(8, version);
            CRC32C crc = new CRC32C();
            crc.update(bytes, slot * SLOT, SLOT - 4);
            b.putInt(SLOT - 4, (int) crc.getValue());
        }
        Files.write(superblock, bytes);

        assertThatThrownBy(() -> Volume.open(dir))
                .isInstanceOfSatisfying(
                        VolumeException.class, e -> assertThat(e.kind()).isEqualTo(Kind.FORMAT_VERSION))
                .hasMessageContaining("format version " + version);
        assertThat(Files.readAllBytes(superblock)).isEqualTo(bytes);
    }

    @Test
    void identity_and_geometry_come_back() {
        try (Volume volume = Volume.open(dir)) {
            assertThat(volume.status().spec()).isEqualTo(SPEC);
        }
    }
}
