package io.keepup.node.lane;

import io.keepup.node.NodeContext;
import io.keepup.node.NodeCounter;
import io.keepup.schemas.codec.UndecodableException;
import io.keepup.service.failure.RepeatedFailureLog;
import io.keepup.v1.WalBatch;
import java.nio.ByteBuffer;
import java.util.Optional;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.slf4j.LoggerFactory;

/** Reads WAL lane records; what is none is passed over loudly. */
public final class WalBatches {

    private static final RepeatedFailureLog failures =
            new RepeatedFailureLog(LoggerFactory.getLogger(WalBatches.class));

    private WalBatches() {}

    /** The batch in a record, or empty when it holds none; that is logged and counted here. */
    public static Optional<WalBatch> decode(NodeContext context, ConsumerRecord<byte[], ByteBuffer> record) {
        String why;
        try {
            if (record.value() != null
                    && context.codec().decode(record.value()) instanceof WalBatch batch
                    && !batch.getEntries().isEmpty()) {
                return Optional.of(batch);
            }
            why = "it is no WAL batch";
        } catch (UndecodableException e) {
            why = e.getMessage();
        }
        context.metrics().count(NodeCounter.UNDECODABLE);
        failures.error("passed over", "Record %s/%s passed over: %s".formatted(record.topic(), record.offset(), why));
        return Optional.empty();
    }
}
