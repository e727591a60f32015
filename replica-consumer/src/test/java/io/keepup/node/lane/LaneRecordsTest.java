package io.keepup.node.lane;

import static org.assertj.core.api.Assertions.assertThat;

import io.keepup.v1.WalBatch;
import io.keepup.volume.WalEntry;
import java.nio.ByteBuffer;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LaneRecordsTest {

    private static WalEntry entry(long epoch, long lsn) {
        return WalEntry.write(epoch, lsn, 0, 1, ByteBuffer.allocate(512));
    }

    @ParameterizedTest(name = "before LSN 11 epoch {0}; here LSN {1} of epoch {2}: {3}")
    @CsvSource({
        "3, 10, 3, true",
        "3, 10, 2, false",
        "0, 10, 3, false", // known only here
        "3, 10, 0, false", // known only there
        "0, 10, 0, true",
        "3, 11, 3, true",
        "3, 12, 5, true",
        "3, 12, 3, false",
        "3, 11, 0, false",
        "3, 9, 1, true", // the batch tells nothing of it
        "3, 13, 1, true",
    })
    void A8_what_only_one_side_knows_is_another_history(long before, long lsn, long epoch, boolean same) {
        WalBatch batch = LaneRecords.batch("vol-1", "p", 5, List.of(entry(3, 11), entry(5, 12)), before);
        assertThat(LaneRecords.isOfHistory(batch, lsn, epoch)).isEqualTo(same);
    }
}
