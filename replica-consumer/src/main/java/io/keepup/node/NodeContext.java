package io.keepup.node;

import io.keepup.node.event.EventPublisher;
import io.keepup.node.event.NodeEvents;
import io.keepup.node.world.Clients;
import io.keepup.node.world.Lanes;
import io.keepup.node.world.Storage;
import io.keepup.node.world.Tasks;
import io.keepup.schemas.codec.RecordCodec;
import java.time.Clock;
import java.util.concurrent.CompletableFuture;

/**
 * What every part of one node shares: its world, what it says, what it counts.
 *
 * @param start number of this start on the node's disk
 * @param clock for people: nothing is measured by it [A11]
 * @param failure completed, with the reason, by a part without which the node cannot go on
 */
public record NodeContext(
        NodeSettings settings,
        long start,
        Clock clock,
        Tasks tasks,
        Clients kafka,
        Lanes lanes,
        Storage storage,
        RecordCodec codec,
        NodeEvents events,
        NodeMetrics metrics,
        RecoveryLimits limits,
        CompletableFuture<Throwable> failure) {

    /** A node in a world; its event producer is made here. */
    public static NodeContext of(
            NodeSettings settings,
            long start,
            Clock clock,
            Tasks tasks,
            Clients kafka,
            Lanes lanes,
            Storage storage,
            RecordCodec codec) {
        NodeMetrics metrics = new NodeMetrics();
        EventPublisher publisher = new EventPublisher(kafka.eventProducer(), codec, metrics, tasks);
        NodeEvents events = new NodeEvents(settings.id(), start, clock, publisher);
        RecoveryLimits limits = new RecoveryLimits(tasks::uptimeMs, settings.recoveryLimits());
        return new NodeContext(
                settings,
                start,
                clock,
                tasks,
                kafka,
                lanes,
                storage,
                codec,
                events,
                metrics,
                limits,
                new CompletableFuture<>());
    }

    /** How long this process runs, ms [A11]. */
    public long uptimeMs() {
        return tasks.uptimeMs();
    }

    public String nodeId() {
        return settings.id();
    }
}
