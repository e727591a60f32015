package io.keepup.bench.fold;

import java.util.Arrays;
import java.util.Map;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.Stores;

/** What Kafka Streams itself takes for a record: the least a topology of that kind can do. */
final class PlainTopologies {

    private static final String STORE = "last";

    /** What the fold stores of a volume of the load, on average. */
    private static final int STATE_BYTES = 221;

    /** The value of one output of the fold, on average over all that it sends in recovery; a projection alone has 306. */
    private static final int OUTPUT_BYTES = 210;

    private PlainTopologies() {}

    /** Each record goes out as it came. */
    static Topology passThrough(String input, String output) {
        return new Topology()
                .addSource("in", new ByteArrayDeserializer(), new ByteArrayDeserializer(), input)
                .addSink("out", output, new ByteArraySerializer(), new ByteArraySerializer(), "in");
    }

    /**
     * Each record: what the store has of its key is read, the record is stored and goes out with its key and headers as they
     * came. Stored and sent value are filled up to the sizes that the fold's have: an event is smaller than what follows from
     * it, and to move fewer bytes is not what is compared.
     */
    static Topology stateful(String input, String output) {
        return new Topology()
                .addSource("in", new ByteArrayDeserializer(), new ByteArrayDeserializer(), input)
                .addProcessor("fold", GetAndPut::new, "in")
                .addStateStore(
                        Stores.keyValueStoreBuilder(
                                        Stores.persistentKeyValueStore(STORE), Serdes.ByteArray(), Serdes.ByteArray())
                                .withLoggingEnabled(Map.of())
                                .withCachingDisabled(),
                        "fold")
                .addSink("out", output, new ByteArraySerializer(), new ByteArraySerializer(), "fold");
    }

    private static final class GetAndPut implements Processor<byte[], byte[], byte[], byte[]> {

        private ProcessorContext<byte[], byte[]> context;
        private KeyValueStore<byte[], byte[]> store;

        @Override
        public void init(ProcessorContext<byte[], byte[]> processorContext) {
            context = processorContext;
            store = processorContext.getStateStore(STORE);
        }

        @Override
        public void process(Record<byte[], byte[]> record) {
            byte[] before = store.get(record.key());
            if (before != record.value()) { // always; what was read must not be left out
                store.put(record.key(), Arrays.copyOf(record.value(), STATE_BYTES));
            }
            context.forward(record.withValue(Arrays.copyOf(record.value(), OUTPUT_BYTES)));
        }
    }
}
