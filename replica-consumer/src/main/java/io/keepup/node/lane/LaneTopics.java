package io.keepup.node.lane;

import io.keepup.node.world.Lanes;
import io.keepup.node.world.Tasks;
import io.keepup.schemas.registry.SchemaRegistration;
import io.keepup.schemas.registry.SchemaRegistry;
import io.keepup.schemas.topic.TopicAdmin;
import io.keepup.schemas.topic.TopicSpec;
import io.keepup.schemas.topic.Topics;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.DeletedRecords;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;

/** The lanes as topics of a cluster. Thread-safe. */
public final class LaneTopics implements Lanes {

    private static final Duration PATIENCE = Duration.ofSeconds(20);

    private final Tasks tasks;
    private final Admin admin;
    private final TopicAdmin topics;
    private final SchemaRegistry registry;
    private final short replicationFactor;

    public LaneTopics(Tasks tasks, Admin admin, SchemaRegistry registry, short replicationFactor) {
        this.tasks = tasks;
        this.admin = admin;
        this.topics = new TopicAdmin(admin, PATIENCE);
        this.registry = registry;
        this.replicationFactor = replicationFactor;
    }

    @Override
    public void ensure(String volumeId) {
        List<TopicSpec> lanes = Topics.lanes(volumeId);
        topics.ensure(lanes, replicationFactor);
        SchemaRegistration.registerAll(registry, lanes);
    }

    @Override
    public long delete(TopicPartition lane, long beforeOffset) {
        CompletableFuture<DeletedRecords> deleted = admin.deleteRecords(
                        Map.of(lane, RecordsToDelete.beforeOffset(beforeOffset)))
                .lowWatermarks()
                .get(lane)
                .toCompletionStage()
                .toCompletableFuture();
        if (!tasks.await(deleted, PATIENCE)) {
            throw new KafkaException("deleting records of " + lane + " took too long");
        }
        if (deleted.isCompletedExceptionally()) {
            throw new KafkaException("deleting records of " + lane + " failed", deleted.exceptionNow());
        }
        return deleted.resultNow().lowWatermark();
    }

    /** The one partition of a volume's WAL lane. */
    public static TopicPartition wal(String volumeId) {
        return new TopicPartition(Topics.wal(volumeId), 0);
    }

    /** The one partition of a volume's base lane. */
    public static TopicPartition base(String volumeId) {
        return new TopicPartition(Topics.base(volumeId), 0);
    }
}
