package io.keepup.volume.disk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.keepup.volume.Volume;
import io.keepup.volume.VolumeException;
import io.keepup.volume.VolumeException.Kind;
import io.keepup.volume.VolumeRole;
import io.keepup.volume.VolumeSpec;
import io.keepup.volume.VolumeTuning;
import io.keepup.volume.disk.SimulatedDisk.Unsynced;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class SimulatedDiskTest {
    private static final Path DIR = Path.of("/simulated/v");
    private static final Path FILE = DIR.resolve("file");

    private final SimulatedDisk disk = new SimulatedDisk();
    private DiskFile file;

    @BeforeEach
    void createFile() {
        disk.createDirectories(DIR);
        file = disk.open(FILE, true);
        disk.syncDirectory(DIR);
    }

    private static ByteBuffer bytes(int value, int length) {
        byte[] bytes = new byte[length];
        Arrays.fill(bytes, (byte) value);
        return ByteBuffer.wrap(bytes);
    }

    private static byte[] contents(SimulatedDisk disk) {
        DiskFile file = disk.open(FILE, false);
        byte[] bytes = new byte[(int) file.size()];
        assertThat(file.read(ByteBuffer.wrap(bytes), 0)).isEqualTo(bytes.length);
        return bytes;
    }

    @Test
    void behaves_like_an_array_under_random_writes_resizes_and_fsyncs() {
        long seed = System.nanoTime();
        System.out.println("simulated disk against an array, seed " + seed);
        SplittableRandom random = new SplittableRandom(seed);
        byte[] now = {};
        byte[] durable = {};
        for (int step = 0; step < 3000; step++) {
            switch (random.nextInt(5)) {
                case 0 -> {
                    file.force();
                    durable = now.clone();
                }
                case 1 -> {
                    int size = random.nextInt(40_000);
                    file.setSize(size);
                    now = Arrays.copyOf(now, size);
                }
                default -> {
                    int at = random.nextInt(30_000);
                    ByteBuffer data = bytes(random.nextInt(), random.nextInt(1, 10_000));
                    now = Arrays.copyOf(now, Math.max(now.length, at + data.remaining()));
                    System.arraycopy(data.array(), 0, now, at, data.remaining());
                    file.write(data, at);
                }
            }
            assertThat(contents(disk)).as("step %d", step).isEqualTo(now);
            if (step % 10 == 0) {
                assertThat(contents(disk.afterPowerCut(Unsynced.LOST, step))).isEqualTo(durable);
                assertThat(contents(disk.afterPowerCut(Unsynced.KEPT, step))).isEqualTo(now);
            }
        }
    }

    @Test
    void a_torn_write_is_any_mixture_of_sectors_and_the_same_seed_gives_the_same() {
        file.write(bytes(1, 8192), 0);
        file.force();
        file.write(bytes(2, 8192), 0);
        Set<Byte> seen = new HashSet<>();
        for (int seed = 0; seed < 20; seed++) {
            byte[] torn = contents(disk.afterPowerCut(Unsynced.TORN, seed));
            assertThat(torn).isEqualTo(contents(disk.afterPowerCut(Unsynced.TORN, seed)));
            for (int at = 0; at < torn.length; at += 512) {
                byte value = torn[at];
                seen.add(value);
                assertThat(Arrays.copyOfRange(torn, at, at + 512)).containsOnly(value);
            }
        }
        assertThat(seen).containsExactlyInAnyOrder((byte) 1, (byte) 2);
    }

    @ParameterizedTest
    @EnumSource(Unsynced.class)
    void the_disk_after_a_power_cut_and_the_one_before_share_nothing(Unsynced mode) {
        file.write(bytes(1, 5000), 0);
        file.force();
        file.write(bytes(2, 100), 0);
        SimulatedDisk after = disk.afterPowerCut(mode, 7);
        byte[] before = contents(after);
        byte[] here = contents(disk);

        file.write(bytes(3, 5000), 0);
        file.force();
        assertThat(contents(after)).isEqualTo(before);

        after.open(FILE, false).write(bytes(4, 5000), 0);
        file.write(ByteBuffer.wrap(here), 0);
        assertThat(contents(disk)).isEqualTo(here);
    }

    @Test
    void names_are_durable_only_after_the_directory_was_synced() {
        Path other = DIR.resolve("other");
        disk.open(other, true).force();
        disk.rename(FILE, DIR.resolve("renamed"));

        assertThat(disk.afterPowerCut(Unsynced.LOST, 1).list(DIR)).containsExactly(FILE);
        disk.syncDirectory(DIR);
        assertThat(disk.afterPowerCut(Unsynced.LOST, 1).list(DIR)).containsExactly(other, DIR.resolve("renamed"));
        disk.delete(other);
        assertThat(disk.exists(other)).isFalse();
        assertThat(disk.afterPowerCut(Unsynced.LOST, 1).exists(other)).isTrue();
    }

    @Test
    void the_chosen_change_fails_as_chosen_and_half_of_a_write_gets_there() {
        disk.failOnce(2, Kind.DISK_FULL);
        file.write(bytes(1, 100), 0);
        assertThatThrownBy(() -> file.write(bytes(2, 100), 0))
                .isInstanceOf(VolumeException.class)
                .hasMessageNotContaining("\n")
                .extracting(e -> ((VolumeException) e).kind())
                .isEqualTo(Kind.DISK_FULL);
        assertThat(disk.failed()).isTrue();
        assertThat(contents(disk))
                .startsWith(bytes(2, 50).array())
                .endsWith(bytes(1, 50).array());
        file.force();

        disk.failFrom(1, Kind.IO_ERROR);
        for (int i = 0; i < 3; i++) {
            assertThatThrownBy(file::force).hasMessageContaining(FILE.toString());
        }
        disk.heal();
        file.force();
    }

    @Test
    void a_directory_has_one_holder_and_a_power_cut_frees_it() {
        Disk.Lock lock = disk.lock(DIR);
        assertThatThrownBy(() -> disk.lock(DIR))
                .extracting(e -> ((VolumeException) e).kind())
                .isEqualTo(Kind.LOCKED);
        disk.afterPowerCut(Unsynced.LOST, 1).lock(DIR).close();
        lock.close();
        disk.lock(DIR).close();
    }

    @Test
    void rot_is_there_after_a_power_cut_too() {
        file.write(bytes(1, 5000), 0);
        file.force();
        disk.rot(FILE, 4100);

        assertThat(contents(disk)[4100]).isNotEqualTo((byte) 1);
        assertThat(contents(disk.afterPowerCut(Unsynced.LOST, 1))).isEqualTo(contents(disk));
    }

    @Test
    void a_volume_on_it_touches_no_real_file_and_flushes_without_a_thread() {
        VolumeTuning tuning = new VolumeTuning(4096, 8192, VolumeTuning.Background.INLINE);
        try (Volume volume = Volume.create(DIR.resolve("vol"), new VolumeSpec("vol", 1 << 20, 512), disk, tuning)) {
            volume.assume(1, VolumeRole.PRIMARY);
            for (int i = 0; i < 8; i++) {
                volume.write(i, bytes(i + 1, 512));
            }
            assertThat(volume.status().checkpointLsn()).isZero();

            volume.write(8, bytes(9, 512));

            assertThat(volume.status().checkpointLsn()).isEqualTo(8);
        }
        assertThat(Files.exists(DIR)).isFalse();
    }
}
