package io.keepup.bench.fleet;

import java.util.Map;
import org.apache.kafka.clients.producer.ProducerInterceptor;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;

/** Ends the process at once, as by kill -9, before its producer sends another record than so many: between any two of them. */
public final class HaltAfter implements ProducerInterceptor<byte[], byte[]> {

    static final String RECORDS = "bench.halt.after";

    private long left;

    /** For Kafka, which makes it. */
    public HaltAfter() {}

    @Override
    public void configure(Map<String, ?> configs) {
        left = Long.parseLong(configs.get(RECORDS).toString());
    }

    @Override
    public ProducerRecord<byte[], byte[]> onSend(ProducerRecord<byte[], byte[]> record) {
        if (left-- == 0) {
            Runtime.getRuntime().halt(137);
        }
        return record;
    }

    @Override
    public void onAcknowledgement(RecordMetadata metadata, Exception exception) {}

    @Override
    public void close() {}
}
