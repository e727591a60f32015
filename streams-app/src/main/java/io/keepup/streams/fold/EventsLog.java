package io.keepup.streams.fold;

import java.util.OptionalLong;
import java.util.function.Predicate;

/** What a task asks of the events topic beside its own turn in it, when its state is in doubt. Closed by whoever made it. */
public interface EventsLog extends AutoCloseable {

    /** Makes one that asks the cluster; the calls of it may fail with what Kafka throws. */
    interface Factory {
        EventsLog open();
    }

    /** Offset before which the app has folded everything; empty when it never has. */
    OptionalLong committed(int partition);

    /** Offset behind the last event. */
    long end(int partition);

    /** First offset that is still there. */
    long begin(int partition);

    /**
     * Hands on the records of a partition in their order, until the sink answers false.
     *
     * @param until offset before which to end
     */
    void read(int partition, long from, long until, Predicate<SourceRecord> sink);

    @Override
    void close();
}
