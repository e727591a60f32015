package io.keepup.streams.audit.cluster;

import io.keepup.schemas.topic.Refusal;
import io.keepup.streams.audit.AuditException;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ListConsumerGroupOffsetsOptions;
import org.apache.kafka.clients.admin.ListOffsetsOptions;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.IsolationLevel;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;

/** Where partitions begin and end, and how far a Streams app has come. */
final class Offsets {

    private static final Duration PATIENCE = Duration.ofSeconds(20);

    private final Admin admin;

    Offsets(Admin admin) {
        this.admin = admin;
    }

    /** All partitions of topics. */
    Map<String, Integer> partitions(Collection<String> topics) {
        return admin.describeTopics(topics).topicNameValues().entrySet().stream()
                .collect(Collectors.toMap(Map.Entry::getKey, t -> partitions(t.getKey(), t.getValue())));
    }

    private static int partitions(String topic, KafkaFuture<TopicDescription> description) {
        try {
            return await(description, "describing topic " + topic).partitions().size();
        } catch (AuditException e) {
            throw new AuditException(e.getMessage(), Refusal.naming(topic, e.getCause()));
        }
    }

    Map<TopicPartition, Long> begins(Collection<TopicPartition> partitions) {
        return list(partitions, OffsetSpec.earliest(), IsolationLevel.READ_UNCOMMITTED);
    }

    /** The end of what is committed: nothing before it is in doubt. */
    Map<TopicPartition, Long> committedEnds(Collection<TopicPartition> partitions) {
        return list(partitions, OffsetSpec.latest(), IsolationLevel.READ_COMMITTED);
    }

    /** The end of all that was written, committed or not. */
    Map<TopicPartition, Long> writtenEnds(Collection<TopicPartition> partitions) {
        return list(partitions, OffsetSpec.latest(), IsolationLevel.READ_UNCOMMITTED);
    }

    /** Offset before which a consumer group has done everything; empty when it never committed. */
    OptionalLong of(String group, TopicPartition partition) {
        Map<TopicPartition, OffsetAndMetadata> offsets = await(
                admin.listConsumerGroupOffsets(group, new ListConsumerGroupOffsetsOptions().requireStable(true))
                        .partitionsToOffsetAndMetadata(),
                "asking how far '" + group + "' has come");
        OffsetAndMetadata offset = offsets.get(partition);
        return offset == null ? OptionalLong.empty() : OptionalLong.of(offset.offset());
    }

    /** Whether there is a group of that name, whatever it has committed. */
    boolean isGroup(String group) {
        return await(admin.listGroups().all(), "listing the groups").stream()
                .anyMatch(g -> g.groupId().equals(group));
    }

    private Map<TopicPartition, Long> list(
            Collection<TopicPartition> partitions, OffsetSpec which, IsolationLevel isolation) {
        Map<TopicPartition, OffsetSpec> asked = new HashMap<>();
        partitions.forEach(p -> asked.put(p, which));
        return await(admin.listOffsets(asked, new ListOffsetsOptions(isolation)).all(), "asking for offsets")
                .entrySet()
                .stream()
                .collect(Collectors.toMap(Map.Entry::getKey, e -> e.getValue().offset()));
    }

    private static <T> T await(KafkaFuture<T> future, String what) {
        try {
            return future.get(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof UnknownTopicOrPartitionException) {
                throw new AuditException("not all of Keepup's topics are there: run 'keepup topics create'", e);
            }
            throw new AuditException(
                    "%s failed: %s".formatted(what, e.getCause().getMessage()), e.getCause());
        } catch (TimeoutException e) {
            throw new AuditException(
                    "%s took more than %s s: is the cluster reachable and healthy?"
                            .formatted(what, PATIENCE.toSeconds()),
                    e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AuditException(what + " was interrupted", e);
        }
    }
}
