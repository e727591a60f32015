package io.keepup.bench.fold;

import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;
import org.apache.kafka.clients.admin.ListConsumerGroupOffsetsSpec;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.Topology;

/** A running topology, how fast it gets through a backlog, and by what its outputs are told. */
final class Contender implements AutoCloseable {

    private static final long LIMIT_S = 120;
    private static final long PAUSE_NANOS = 10_000_000; // little beside a backlog of seconds
    private static final OperatingSystemMXBean OS = ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);

    final String input;
    final List<String> outputs;

    /** What the send of the record's cause was noted under, see {@link Latency}. */
    final Function<ConsumerRecord<byte[], byte[]>, Object> cause;

    private final Rig rig;
    private final KafkaStreams streams;
    private final String group;

    Contender(
            Rig rig,
            Topology topology,
            Properties settings,
            String input,
            List<String> outputs,
            Function<ConsumerRecord<byte[], byte[]>, Object> cause) {
        this.rig = rig;
        this.input = input;
        this.outputs = outputs;
        this.cause = cause;
        group = settings.get(StreamsConfig.APPLICATION_ID_CONFIG).toString();
        streams = new KafkaStreams(topology, settings);
        streams.start();
        await("%s does not begin to run".formatted(group), () -> streams.state() == KafkaStreams.State.RUNNING);
    }

    /**
     * How it got through a backlog, from when it could begin until the last record was committed.
     *
     * @param cpuMicros that the whole process, broker and all, took for a record; other processes do not change it
     */
    record Drained(double recordsPerSecond, double cpuMicros) {}

    /** Folds these records, put on the topic while it stands still. */
    Drained drain(Collection<Load.Sent> backlog) {
        streams.pause();
        rig.load(input, backlog);
        Map<TopicPartition, Long> ends = ends();
        long cpuBefore = OS.getProcessCpuTime();
        long begin = System.nanoTime();
        streams.resume();
        await("%s does not get through its backlog".formatted(group), () -> committed(ends));
        return new Drained(
                backlog.size() / ((System.nanoTime() - begin) / 1e9),
                (OS.getProcessCpuTime() - cpuBefore) / 1e3 / backlog.size());
    }

    private Map<TopicPartition, Long> ends() {
        Map<TopicPartition, OffsetSpec> latest = new HashMap<>();
        Map<TopicPartition, Long> ends = new HashMap<>();
        try {
            rig.admin
                    .describeTopics(List.of(input))
                    .allTopicNames()
                    .get()
                    .get(input)
                    .partitions()
                    .forEach(p -> latest.put(new TopicPartition(input, p.partition()), OffsetSpec.latest()));
            rig.admin.listOffsets(latest).all().get().forEach((at, found) -> ends.put(at, found.offset()));
            return ends;
        } catch (ExecutionException e) {
            throw new IllegalStateException("the broker does not say how much is on " + input, e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", e);
        }
    }

    private boolean committed(Map<TopicPartition, Long> ends) {
        try {
            Map<TopicPartition, OffsetAndMetadata> committed = rig.admin
                    .listConsumerGroupOffsets(Map.of(group, new ListConsumerGroupOffsetsSpec()))
                    .partitionsToOffsetAndMetadata(group)
                    .get();
            return ends.entrySet().stream()
                    .allMatch(end -> end.getValue() == 0
                            || committed.get(end.getKey()) != null
                                    && committed.get(end.getKey()).offset() >= end.getValue());
        } catch (ExecutionException e) {
            throw new IllegalStateException("the broker does not say what %s committed".formatted(group), e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", e);
        }
    }

    private interface Condition {
        boolean holds();
    }

    private void await(String otherwise, Condition condition) {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(LIMIT_S);
        while (!condition.holds()) {
            if (System.nanoTime() > deadline || streams.state() == KafkaStreams.State.ERROR) {
                throw new IllegalStateException("%s: it is %s".formatted(otherwise, streams.state()));
            }
            LockSupport.parkNanos(PAUSE_NANOS);
        }
    }

    @Override
    public void close() {
        streams.close();
    }
}
