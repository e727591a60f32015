package io.keepup.volume.extent;

import static org.assertj.core.api.Assertions.assertThat;

import io.keepup.volume.wal.WalLocation;
import org.junit.jupiter.api.Test;

class DirtyMapTest {
    private static final int BLOCKS = 1000;

    @Test
    void reserved_blocks_are_not_dirty_until_they_are_noted() {
        DirtyMap map = new DirtyMap(BLOCKS);
        map.reserve(255, 2);
        map.reserve(BLOCKS - 1, 1);
        assertThat(map.count()).isZero();
        assertThat(map.next(0)).isEqualTo(-1);
        assertThat(map.get(255)).isEqualTo(WalLocation.NONE);

        map.put(255, 100, 10, new int[] {7, 8});

        assertThat(map.count()).isEqualTo(2);
        assertThat(map.get(256)).isEqualTo(110);
        assertThat(map.checksum(256)).isEqualTo(8);
        map.reserve(256, 1);
        assertThat(map.get(256)).isEqualTo(110);
    }
}
