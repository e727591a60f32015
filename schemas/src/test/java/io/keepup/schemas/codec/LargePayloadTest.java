package io.keepup.schemas.codec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.keepup.v1.BaseChunk;
import io.keepup.v1.WalBatch;
import io.keepup.v1.WalEntry;
import io.keepup.v1.WalEntryKind;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Records of the lanes: a payload is copied once on its way in, and not at all on its way out. */
class LargePayloadTest {

    private static final int MIB = 1 << 20;
    private static final int ENVELOPE = 4096;

    private final ConfluentAvroCodec codec = new ConfluentAvroCodec(new InMemoryRegistry());
    private final Random random = new Random(7);

    @Test
    void small_and_large_payloads_in_any_order_survive_the_round_trip() throws Exception {
        for (int round = 0; round < 50; round++) {
            List<WalEntry> entries = new ArrayList<>();
            for (int i = 0; i < 1 + random.nextInt(20); i++) {
                int bytes = random.nextBoolean() ? random.nextInt(5_000) : 0;
                entries.add(new WalEntry(
                        1L, i + 1L, WalEntryKind.write, (long) i, 1, (long) random.nextInt(), payload(bytes)));
            }
            WalBatch batch = new WalBatch("vol-1", "vs-1", 3L, entries, 2L);
            assertThat(codec.decode(codec.encode("t", batch))).isEqualTo(batch);
        }
    }

    @Test
    void a_payload_that_is_part_of_a_larger_array_is_taken_from_its_position() throws Exception {
        ByteBuffer part = payload(3 * MIB).position(MIB).limit(2 * MIB);
        BaseChunk chunk = chunk(part.slice());
        assertThat(codec.decode(codec.encode("t", chunk))).isEqualTo(chunk);
        assertThat(codec.decode(codec.encode("t", chunk(part)))).isEqualTo(chunk);
    }

    @Test
    void a_decoded_payload_is_a_view_of_the_bytes_and_stays_when_the_next_is_decoded() throws Exception {
        byte[] first = codec.encode("t", chunk(payload(MIB)));
        byte[] second = codec.encode("t", chunk(payload(MIB)));
        BaseChunk chunk = (BaseChunk) codec.decode(first);
        ByteBuffer before =
                ByteBuffer.allocate(MIB).put(chunk.getPayload().duplicate()).flip();
        codec.decode(second);
        assertThat(chunk.getPayload()).isEqualTo(before);
        assertThat(chunk.getPayload().array()).isSameAs(first);
        assertThat(chunk.getPayload().remaining()).isEqualTo(MIB);
    }

    @Test
    void encoding_allocates_the_result_and_decoding_nothing_of_the_payload() throws Exception {
        BaseChunk chunk = chunk(payload(MIB));
        byte[] bytes = codec.encode("t", chunk);
        codec.decode(bytes);
        assertThat(allocatedBy(() -> codec.encode("t", chunk))).isBetween((long) MIB, (long) MIB + ENVELOPE);
        assertThat(allocatedBy(() -> codec.decode(bytes))).isLessThan(ENVELOPE);
    }

    @Test
    void after_a_record_that_cannot_be_encoded_the_next_is_whole() throws Exception {
        BaseChunk broken = chunk(payload(MIB));
        WalBatch half = new WalBatch("vol-1", null, 3L, List.of(), 0L);
        assertThatThrownBy(() -> codec.encode("t", half)).isInstanceOf(NullPointerException.class);
        assertThat(codec.decode(codec.encode("t", broken))).isEqualTo(broken);
    }

    private interface Work {
        Object run() throws Exception;
    }

    /** Least of several runs: the JVM may allocate for its own purposes. */
    private static long allocatedBy(Work work) throws Exception {
        var threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
        long least = Long.MAX_VALUE;
        for (int i = 0; i < 20; i++) {
            long before = threads.getCurrentThreadAllocatedBytes();
            work.run();
            least = Math.min(least, threads.getCurrentThreadAllocatedBytes() - before);
        }
        return least;
    }

    private ByteBuffer payload(int bytes) {
        byte[] payload = new byte[bytes];
        random.nextBytes(payload);
        return ByteBuffer.wrap(payload);
    }

    private static BaseChunk chunk(ByteBuffer payload) {
        return new BaseChunk(1L, 2L, 3L, 4L, payload.remaining() / 4096, 5L, false, payload);
    }
}
