package io.keepup.node.base;

import static org.assertj.core.api.Assertions.assertThat;

import io.keepup.volume.BaseBlocks;
import io.keepup.volume.Volume;
import io.keepup.volume.VolumeRole;
import io.keepup.volume.VolumeSpec;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ExtentSourceTest {

    @TempDir
    Path directory;

    @ParameterizedTest
    @CsvSource({"1048576, 4096, 1000", "65536, 4096, 1000", "16384, 4096, 333", "1048576, 512, 999", "4096, 65536, 70"})
    void chunks_cover_the_extent_in_order_without_gap_and_zeros_are_runs(int chunkBytes, int blockSize, int blocks) {
        Random random = new Random(7);
        try (Volume volume =
                Volume.create(directory.resolve("v"), new VolumeSpec("v", (long) blocks * blockSize, blockSize))) {
            volume.assume(1, VolumeRole.PRIMARY);
            byte[] content = new byte[blocks * blockSize];
            for (int i = 0; i < 12; i++) {
                int count = 1 + random.nextInt(20);
                int lba = random.nextInt(blocks - count);
                byte[] data = new byte[count * blockSize];
                random.nextBytes(data);
                volume.write(lba, ByteBuffer.wrap(data));
                System.arraycopy(data, 0, content, lba * blockSize, data.length);
            }
            long head = volume.sync();

            ExtentSource chunks = new ExtentSource(volume, 3, 1, chunkBytes);
            assertThat(chunks.begin()).isEqualTo(new BaseSource.Boundary(head, 1));
            byte[] received = new byte[content.length];
            Arrays.fill(received, (byte) 1);
            long next = 0;
            long seq = 0;
            long zeroBlocks = 0;
            BaseBlocks last = null;
            for (BaseBlocks chunk = chunks.next(); chunk != null; chunk = chunks.next()) {
                assertThat(chunk.verify()).isTrue();
                assertThat(chunk.seq()).isEqualTo(seq++);
                assertThat(chunk.firstLba()).isEqualTo(next);
                next += chunk.count();
                assertThat(chunk.last()).isEqualTo(next == blocks);
                int at = (int) chunk.firstLba() * blockSize;
                if (chunk.payload() == null) {
                    Arrays.fill(received, at, at + chunk.count() * blockSize, (byte) 0);
                    zeroBlocks += chunk.count();
                } else {
                    assertThat(chunk.payload().remaining()).isLessThanOrEqualTo(Math.max(chunkBytes, blockSize));
                    chunk.payload().get(received, at, chunk.count() * blockSize);
                }
                last = chunk;
            }
            assertThat(next).isEqualTo(blocks);
            assertThat(last).isNotNull();
            assertThat(received).isEqualTo(content);
            assertThat(zeroBlocks).isPositive();
            assertThat(chunks.headLsn()).isEqualTo(head);
        }
    }
}
