package io.keepup.bench.simulate.log;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.common.Metric;
import org.apache.kafka.common.MetricName;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.metrics.KafkaMetric;

/** A producer without what no node calls; a call to any of that must be simulated first, not be silently nothing. */
abstract class BareProducer implements Producer<byte[], byte[]> {

    private static UnsupportedOperationException notSimulated() {
        return new UnsupportedOperationException("this call of a producer is not simulated");
    }

    @Override
    public void initTransactions() {
        throw notSimulated();
    }

    @Override
    public void beginTransaction() {
        throw notSimulated();
    }

    @Override
    public void sendOffsetsToTransaction(
            Map<TopicPartition, OffsetAndMetadata> offsets, ConsumerGroupMetadata groupMetadata) {
        throw notSimulated();
    }

    @Override
    public void commitTransaction() {
        throw notSimulated();
    }

    @Override
    public void abortTransaction() {
        throw notSimulated();
    }

    @Override
    public void registerMetricForSubscription(KafkaMetric metric) {
        throw notSimulated();
    }

    @Override
    public void unregisterMetricFromSubscription(KafkaMetric metric) {
        throw notSimulated();
    }

    @Override
    public List<PartitionInfo> partitionsFor(String topic) {
        throw notSimulated();
    }

    @Override
    public Map<MetricName, ? extends Metric> metrics() {
        throw notSimulated();
    }

    @Override
    public Uuid clientInstanceId(Duration timeout) {
        throw notSimulated();
    }

    @Override
    public void close() {
        throw notSimulated();
    }
}
