package io.keepup.volume.extent;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.Random;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BlockChecksumsTest {

    @ParameterizedTest
    @ValueSource(ints = {512, 4096, 1 << 20})
    void the_checksum_of_fields_and_blocks_follows_from_those_of_the_parts(int blockSize) {
        Random random = new Random(blockSize);
        BlockChecksums checksums = new BlockChecksums(blockSize);
        for (int blocks = 0; blocks < 5; blocks++) {
            byte[] fields = new byte[29];
            byte[] payload = new byte[blocks * blockSize];
            random.nextBytes(fields);
            random.nextBytes(payload);
            CRC32C whole = new CRC32C();
            whole.update(fields);
            int crc = (int) whole.getValue();
            whole.update(payload);

            assertThat(checksums.joined(crc, checksums.of(ByteBuffer.wrap(payload))))
                    .isEqualTo((int) whole.getValue());
        }
    }

    @Test
    void a_block_of_zeros_has_checksum_zero_and_is_joined_like_any_other() {
        BlockChecksums checksums = new BlockChecksums(512);
        int[] zeros = checksums.of(ByteBuffer.allocate(1024));
        CRC32C whole = new CRC32C();
        whole.update(new byte[1024]);

        assertThat(zeros).containsExactly(0, 0);
        assertThat(checksums.joined(0, zeros)).isEqualTo((int) whole.getValue());
    }
}
