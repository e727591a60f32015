package io.keepup.volume;

import static org.assertj.core.api.Assertions.assertThat;

import io.keepup.volume.disk.SimulatedDisk;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import org.junit.jupiter.api.Test;

/** A node has as much direct memory as heap, and a volume takes its part of it as long as it is open. */
class DirectMemoryTest {
    private static final int VOLUMES = 16;
    private static final long MOST_A_VOLUME = 300 << 10;

    @Test
    void an_idle_volume_takes_little_direct_memory() {
        SimulatedDisk disk = new SimulatedDisk();
        for (int i = 0; i < VOLUMES; i++) {
            Volume.create(path(i), Fixtures.SPEC, disk, VolumeTuning.DEFAULT).close();
        }
        Deque<Volume> open = new ArrayDeque<>();
        long before = used();
        for (int i = 0; i < VOLUMES; i++) {
            open.push(Volume.open(path(i), disk, VolumeTuning.DEFAULT));
        }
        assertThat(used() - before).isLessThan(VOLUMES * MOST_A_VOLUME);
        open.forEach(Volume::close);
    }

    private static Path path(int volume) {
        return Path.of("/disk", "vol-" + volume);
    }

    private static long used() {
        return ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class).stream()
                .filter(pool -> pool.getName().equals("direct"))
                .mapToLong(BufferPoolMXBean::getMemoryUsed)
                .sum();
    }
}
