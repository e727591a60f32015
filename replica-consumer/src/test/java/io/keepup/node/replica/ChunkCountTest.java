package io.keepup.node.replica;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class ChunkCountTest {

    @Test
    void chunks_count_without_gap_in_whatever_order_and_however_often_they_come() {
        Random random = new Random(5);
        for (int round = 0; round < 100; round++) {
            List<Long> seqs = new ArrayList<>(LongStream.range(0, 30).boxed().toList());
            seqs.addAll(seqs.subList(0, 10));
            Collections.shuffle(seqs, random);
            ChunkCount count = new ChunkCount();
            boolean[] seen = new boolean[31];
            for (long seq : seqs) {
                count.add(seq);
                seen[(int) seq] = true;
                int gap = 0;
                while (seen[gap]) {
                    gap++;
                }
                assertThat(count.value()).isEqualTo(gap);
            }
            assertThat(count.value()).isEqualTo(30);
        }
    }
}
