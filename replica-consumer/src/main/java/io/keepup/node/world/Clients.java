package io.keepup.node.world;

import java.nio.ByteBuffer;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.producer.Producer;

/**
 * The Kafka clients of a node, each tuned for its one use. Polls, sends and calls to the broker wait inside the client. A
 * send that finds no room or no broker for a while ends as {@code KafkaProducer}'s does: its callback is called with a
 * {@code TimeoutException} before it returns. Once it has taken a record it never gives it up, unless it is closed. The values
 * that consumers give out are views of what was fetched, not copies of it: whoever holds one holds its fetch.
 */
public interface Clients {

    /** Reads committed commands; the group only keeps offsets, partitions are assigned by hand. */
    Consumer<byte[], ByteBuffer> commandConsumer();

    /** Reads sync questions and answers from now on. */
    Consumer<byte[], ByteBuffer> syncConsumer();

    /**
     * Streams a lane. A fetch is at most 8 MiB or one batch, but compressed that can be any number of records.
     *
     * @param use names the client
     * @param offsetReset {@code auto.offset.reset}: {@code earliest} or {@code none}
     * @param records at most so many a poll, all of them in memory, of 1 MiB each when they are full
     */
    Consumer<byte[], ByteBuffer> laneConsumer(String use, String offsetReset, int records);

    /** Looks at single records of a lane: one record a poll. */
    Consumer<byte[], ByteBuffer> probeConsumer();

    /** Reads all of a lane to tell what lies there: large fetches, and a damaged record is never given out. */
    Consumer<byte[], ByteBuffer> scanConsumer();

    /** For events, sync questions and answers: each record at once. */
    Producer<byte[], byte[]> eventProducer();

    /**
     * For a lane; blocks its sender when it holds more than its buffer.
     *
     * @param use names the client
     */
    Producer<byte[], byte[]> laneProducer(String use);
}
