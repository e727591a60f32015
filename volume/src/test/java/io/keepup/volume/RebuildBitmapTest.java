package io.keepup.volume;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.BitSet;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class RebuildBitmapTest {
    @Test
    void agrees_with_a_bit_set_on_random_ranges() {
        long seed = System.nanoTime();
        System.out.println("bitmap, seed " + seed);
        SplittableRandom random = new SplittableRandom(seed);
        for (int round = 0; round < 300; round++) {
            int blocks = random.nextInt(1, 300);
            RebuildBitmap bitmap = new RebuildBitmap(blocks);
            BitSet model = new BitSet();
            for (int i = 0; i < random.nextInt(8); i++) {
                int lba = random.nextInt(blocks);
                int count = random.nextInt(blocks - lba + 1);
                bitmap.set(lba, count);
                model.set(lba, lba + count);
            }
            assertThat(bitmap.cardinality()).isEqualTo(model.cardinality());
            for (int from = 0; from < blocks; from++) {
                assertThat(bitmap.get(from)).isEqualTo(model.get(from));
                int end = random.nextInt(from, blocks + 1);
                int set = model.nextSetBit(from);
                assertThat(bitmap.nextSet(from, end)).isEqualTo(set < 0 ? end : Math.min(set, end));
                assertThat(bitmap.nextClear(from, end)).isEqualTo(Math.min(model.nextClearBit(from), end));
            }
        }
    }

    @Test
    void blocks_outside_are_refused() {
        RebuildBitmap bitmap = new RebuildBitmap(70);

        assertThatThrownBy(() -> bitmap.set(69, 2)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> bitmap.set(-1, 1)).isInstanceOf(IndexOutOfBoundsException.class);
    }
}
