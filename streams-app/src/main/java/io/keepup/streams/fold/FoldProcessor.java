package io.keepup.streams.fold;

import io.keepup.engine.Policy;
import io.keepup.schemas.codec.RecordCodec;
import io.keepup.streams.metrics.FoldMetrics;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.processor.api.RecordMetadata;
import org.apache.kafka.streams.state.KeyValueStore;

/**
 * Runs the fold over one partition of events: decide, then write the state and send what follows, in one transaction.
 * A record that is bad or refused is a decision too; an exception here is a bug, or means that the app is stopping.
 */
final class FoldProcessor implements Processor<byte[], byte[], byte[], byte[]> {

    private final Decider decider;
    private final RegistryPatience patience;
    private final FoldMetrics metrics;
    private ProcessorContext<byte[], byte[]> context;
    private KeyValueStore<String, byte[]> volumes;

    FoldProcessor(RecordCodec codec, Policy policy, RegistryPatience patience, FoldMetrics metrics) {
        this.decider = new Decider(codec, policy);
        this.patience = patience;
        this.metrics = metrics;
    }

    @Override
    public void init(ProcessorContext<byte[], byte[]> processorContext) {
        context = processorContext;
        volumes = processorContext.getStateStore(KeepupTopology.STORE_VOLUMES);
    }

    @Override
    public void process(Record<byte[], byte[]> record) {
        FoldMetrics.Sample sample = metrics.begin();
        SourceRecord source = source(record);
        Outcome outcome = patience.call(() -> decider.decide(source, volumes::get));
        if (outcome.state() != null) {
            volumes.put(outcome.volumeId(), outcome.state());
        }
        for (Outcome.Output output : outcome.outputs()) {
            context.forward(
                    new Record<>(output.key(), output.value(), record.timestamp(), output.headers()), output.sink());
        }
        sample.end(outcome.rejected(), outcome.commandTypes());
    }

    private SourceRecord source(Record<byte[], byte[]> record) {
        RecordMetadata at = context.recordMetadata()
                .orElseThrow(() -> new IllegalStateException("the fold was called without a source record"));
        return new SourceRecord(
                at.topic(),
                at.partition(),
                at.offset(),
                record.timestamp(),
                record.key(),
                record.value(),
                record.headers());
    }
}
