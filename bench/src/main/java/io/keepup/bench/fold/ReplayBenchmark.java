package io.keepup.bench.fold;

import io.keepup.bench.VolumeLife;
import io.keepup.bench.simulate.CatalogueCodec;
import io.keepup.engine.Policy;
import io.keepup.schemas.codec.RecordCodec;
import io.keepup.schemas.topic.Topics;
import io.keepup.streams.audit.Replay;
import io.keepup.streams.fold.Ruling;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.infra.Blackhole;

/**
 * What an audit costs per event, on one thread, once Kafka has handed the bytes over: decode, guard, step; with the outputs
 * also what is written for other topics and held against them. One operation is one event. Each invocation replays a
 * {@link VolumeLife} from its first event on.
 */
@State(Scope.Thread)
public class ReplayBenchmark {

    private static final int CYCLES = 256;
    private static final int EVENTS = VolumeLife.BOOTSTRAP + CYCLES * VolumeLife.CYCLE;
    private static final long STARTED_MS = 1_767_225_600_000L;

    private final RecordCodec codec = CatalogueCodec.create();
    private final List<ConsumerRecord<byte[], byte[]>> log = new ArrayList<>();

    public ReplayBenchmark() {
        VolumeLife life = new VolumeLife("volume-1", new VolumeLife.Nodes("vs-1", "vs-2", "vs-3"), STARTED_MS);
        byte[] key = life.volumeId().getBytes(StandardCharsets.UTF_8);
        for (int offset = 0; offset < EVENTS; offset++) {
            byte[] value = codec.encode(Topics.EVENTS, WireEvents.of(life.next()));
            log.add(new ConsumerRecord<>(Topics.EVENTS, 0, offset, key, value));
        }
    }

    /** What a timeline and a state at some moment take. */
    @Benchmark
    @OperationsPerInvocation(EVENTS)
    public void decodeAndFold(Blackhole told) {
        Replay replay = new Replay(codec, Policy.safe(), 1);
        for (ConsumerRecord<byte[], byte[]> event : log) {
            told.consume(admitted(replay.next(event)));
        }
    }

    /** What a verification takes, but for the comparison. */
    @Benchmark
    @OperationsPerInvocation(EVENTS)
    public void decodeFoldAndEncode(Blackhole sent) {
        Replay replay = new Replay(codec, Policy.safe(), 1);
        for (ConsumerRecord<byte[], byte[]> event : log) {
            sent.consume(replay.outputs(admitted(replay.next(event))));
        }
    }

    private static Ruling admitted(Ruling ruling) {
        if (ruling instanceof Ruling.Refused refused) {
            throw new IllegalStateException("the benchmark's own event was refused: " + refused.detail());
        }
        return ruling;
    }
}
