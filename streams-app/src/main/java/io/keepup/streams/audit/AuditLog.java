package io.keepup.streams.audit;

import java.util.Collection;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/** Events of one partition, and the topics the fold writes, from wherever they are kept: a cluster or a file. */
public interface AuditLog extends AutoCloseable {

    /** How much there is to see. */
    Extent extent();

    /**
     * Hands on the events of the extent in the order of the log, until there are no more or the sink answers false.
     *
     * @throws AuditException when they cannot be read
     */
    void events(Progress progress, Predicate<ConsumerRecord<byte[], byte[]>> sink);

    /**
     * Hands on what is on the topics the fold writes: all that concerns the extent, and maybe more; each partition in its
     * order.
     *
     * @throws AuditException when it cannot be read
     */
    void outputs(Progress progress, Consumer<ConsumerRecord<byte[], byte[]>> sink);

    /** Some records of those topics again, in any order. */
    List<ConsumerRecord<byte[], byte[]>> fetch(Collection<Place> places);

    @Override
    void close();
}
