package io.keepup.bench.simulate.log;

import io.keepup.bench.simulate.time.Process;
import io.keepup.bench.simulate.time.Scheduler;
import io.keepup.node.world.Clients;
import java.nio.ByteBuffer;
import java.util.function.Consumer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;

/** The Kafka clients of one simulated process. */
public final class SimulatedClients implements Clients {

    /** Few enough that a sender has to wait now and then. */
    private static final int EVENT_ROOM = 64;

    private static final int LANE_ROOM = 16;

    private final Scheduler time;
    private final SimulatedLog log;
    private final Link link;
    private final Process process;
    private final long seed;
    private final Consumer<ProducerRecord<byte[], byte[]>> before;
    private int numbers;

    /**
     * @param link of the process
     * @param seed of latencies
     * @param before sees every record the process sends, in the turn in which it is sent
     */
    public SimulatedClients(
            Scheduler time,
            SimulatedLog log,
            Link link,
            Process process,
            long seed,
            Consumer<ProducerRecord<byte[], byte[]>> before) {
        this.time = time;
        this.log = log;
        this.link = link;
        this.process = process;
        this.seed = seed;
        this.before = before;
    }

    /** Consumer group of a node's commands. */
    public static String group(String nodeId) {
        return "keepup-node-" + nodeId;
    }

    @Override
    public org.apache.kafka.clients.consumer.Consumer<byte[], ByteBuffer> commandConsumer() {
        return consumer("commands", "earliest", 4, group(link.name()), true);
    }

    @Override
    public org.apache.kafka.clients.consumer.Consumer<byte[], ByteBuffer> syncConsumer() {
        return consumer("sync", "latest", 8, null, true);
    }

    @Override
    public org.apache.kafka.clients.consumer.Consumer<byte[], ByteBuffer> laneConsumer(
            String use, String offsetReset, int records) {
        return consumer(use, offsetReset, Math.min(records, 4), null, false);
    }

    @Override
    public org.apache.kafka.clients.consumer.Consumer<byte[], ByteBuffer> probeConsumer() {
        return consumer("probe", "earliest", 1, null, true);
    }

    @Override
    public org.apache.kafka.clients.consumer.Consumer<byte[], ByteBuffer> scanConsumer() {
        return consumer("scan", "earliest", 4, null, true);
    }

    private SimulatedConsumer consumer(String use, String offsetReset, int maxRecords, String group, boolean checks) {
        process.requireAlive();
        String name = "%s/%s/%s/".formatted(process.name(), use, ++numbers);
        return new SimulatedConsumer(
                time,
                log,
                link,
                process,
                new SimulatedConsumer.Settings(name, offsetReset, maxRecords, group, checks),
                seed);
    }

    @Override
    public Producer<byte[], byte[]> eventProducer() {
        return producer("events", EVENT_ROOM);
    }

    @Override
    public Producer<byte[], byte[]> laneProducer(String use) {
        return producer(use, LANE_ROOM);
    }

    private SimulatedProducer producer(String use, int room) {
        process.requireAlive();
        String name = "%s/%s/%s/".formatted(process.name(), use, ++numbers);
        return new SimulatedProducer(time, log, link, process, name, room, seed, before);
    }
}
