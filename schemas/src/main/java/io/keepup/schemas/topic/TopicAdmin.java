package io.keepup.schemas.topic;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.ListOffsetsOptions;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.errors.RetriableException;
import org.apache.kafka.common.errors.TopicExistsException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;

/** Creates the topics of the catalogue and checks the ones that exist. */
public final class TopicAdmin {

    private final Admin admin;
    private final Duration patience;

    /**
     * @param patience how long one call may take altogether before it fails with {@link TopicException}
     */
    public TopicAdmin(Admin admin, Duration patience) {
        this.admin = admin;
        this.patience = patience;
    }

    /**
     * Creates what is missing and returns when every partition is ready to take records. A batch sent to a topic whose
     * leaders are not all known yet can be lost or doubled (KAFKA-15591), so nobody may produce before this returns.
     *
     * @param replicationFactor for topics that are created; -1 for the broker's default
     * @return names of the topics this call created
     * @throws TopicException when the cluster does not do it in time, or refuses
     */
    public List<String> ensure(Collection<TopicSpec> specs, short replicationFactor) {
        long deadline = System.nanoTime() + patience.toNanos();
        List<String> created = create(specs, replicationFactor, deadline);
        awaitReady(specs, deadline);
        return created;
    }

    private List<String> create(Collection<TopicSpec> specs, short replicationFactor, long deadline) {
        List<NewTopic> wanted = specs.stream()
                .map(spec -> new NewTopic(spec.name(), spec.partitions(), replicationFactor).configs(withCleanup(spec)))
                .toList();
        List<String> created = new ArrayList<>();
        for (Map.Entry<String, KafkaFuture<Void>> entry :
                admin.createTopics(wanted).values().entrySet()) {
            try {
                await(entry.getValue(), deadline, "creating topic " + entry.getKey(), entry.getKey());
                created.add(entry.getKey());
            } catch (TopicException e) {
                if (!(e.getCause() instanceof TopicExistsException)) {
                    throw e;
                }
            }
        }
        return created;
    }

    private void awaitReady(Collection<TopicSpec> specs, long deadline) {
        Map<String, TopicDescription> topics = describe(specs, deadline);
        Map<TopicPartition, OffsetSpec> partitions = new HashMap<>();
        for (TopicDescription topic : topics.values()) {
            topic.partitions()
                    .forEach(p -> partitions.put(new TopicPartition(topic.name(), p.partition()), OffsetSpec.latest()));
        }
        while (true) {
            try {
                int left = (int) Math.max(1, TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime()));
                await(
                        admin.listOffsets(partitions, new ListOffsetsOptions().timeoutMs(left))
                                .all(),
                        deadline,
                        "waiting for the leaders of new topics");
                return;
            } catch (TopicException e) {
                if (!(e.getCause() instanceof RetriableException) || System.nanoTime() >= deadline) {
                    throw e;
                }
            }
        }
    }

    private Map<String, TopicDescription> describe(Collection<TopicSpec> specs, long deadline) {
        List<String> names = specs.stream().map(TopicSpec::name).toList();
        while (true) {
            try {
                return await(admin.describeTopics(names).allTopicNames(), deadline, "describing topics");
            } catch (TopicException e) {
                if (!(e.getCause() instanceof UnknownTopicOrPartitionException) || System.nanoTime() >= deadline) {
                    throw e;
                }
            }
        }
    }

    /**
     * Compares the cluster's topics with the catalogue.
     *
     * @return one sentence a difference; empty when all is as it should be
     * @throws TopicException when the cluster does not answer in time
     */
    public List<String> check(Collection<TopicSpec> specs) {
        long deadline = System.nanoTime() + patience.toNanos();
        List<String> differences = new ArrayList<>();
        Map<String, KafkaFuture<TopicDescription>> topics = admin.describeTopics(
                        specs.stream().map(TopicSpec::name).toList())
                .topicNameValues();
        List<ConfigResource> resources = specs.stream()
                .map(s -> new ConfigResource(ConfigResource.Type.TOPIC, s.name()))
                .toList();
        Map<ConfigResource, KafkaFuture<Config>> configs =
                admin.describeConfigs(resources).values();
        for (TopicSpec spec : specs) {
            try {
                int partitions = await(
                                topics.get(spec.name()), deadline, "describing topic " + spec.name(), spec.name())
                        .partitions()
                        .size();
                Config config = await(
                        configs.get(new ConfigResource(ConfigResource.Type.TOPIC, spec.name())),
                        deadline,
                        "reading the settings of topic " + spec.name(),
                        spec.name());
                compare(spec, partitions, config, differences);
            } catch (TopicException e) {
                if (!(e.getCause() instanceof UnknownTopicOrPartitionException)) {
                    throw e;
                }
                differences.add("topic %s is missing: run 'keepup topics create'".formatted(spec.name()));
            }
        }
        return differences;
    }

    /**
     * Which of these topics are missing, and are not merely hidden from a login that may not see them.
     *
     * @throws TopicException when the cluster does not answer in time, or may not say ({@link Refusal})
     */
    public List<String> missing(Collection<String> names) {
        long deadline = System.nanoTime() + patience.toNanos();
        List<String> missing = new ArrayList<>();
        admin.describeTopics(names).topicNameValues().forEach((name, topic) -> {
            try {
                await(topic, deadline, "looking for topic " + name, name);
            } catch (TopicException e) {
                if (!(e.getCause() instanceof UnknownTopicOrPartitionException)) {
                    throw e;
                }
                missing.add(name);
            }
        });
        return missing;
    }

    private static void compare(TopicSpec spec, int partitions, Config config, List<String> differences) {
        if (spec.partitions() == 1 && partitions != 1) {
            differences.add("topic %s has %s partitions, must have 1".formatted(spec.name(), partitions));
        }
        withCleanup(spec).forEach((name, wanted) -> {
            ConfigEntry entry = config.get(name);
            if (entry == null || !wanted.equals(entry.value())) {
                differences.add("topic %s has %s=%s, should be %s"
                        .formatted(spec.name(), name, entry == null ? "(none)" : entry.value(), wanted));
            }
        });
    }

    private static Map<String, String> withCleanup(TopicSpec spec) {
        Map<String, String> config = new HashMap<>(spec.config());
        config.put("cleanup.policy", spec.cleanup().policy());
        return config;
    }

    /** The same of one topic, which Kafka itself does not name when it refuses it. */
    private <T> T await(KafkaFuture<T> future, long deadline, String what, String topic) {
        try {
            return await(future, deadline, what);
        } catch (TopicException e) {
            throw new TopicException(e.getMessage(), Refusal.naming(topic, e.getCause()));
        }
    }

    private <T> T await(KafkaFuture<T> future, long deadline, String what) {
        try {
            return future.get(Math.max(1, deadline - System.nanoTime()), TimeUnit.NANOSECONDS);
        } catch (ExecutionException e) {
            throw new TopicException(
                    "%s failed: %s".formatted(what, e.getCause().getMessage()), e.getCause());
        } catch (TimeoutException e) {
            throw new TopicException(
                    "%s took more than %s s: is the cluster reachable and healthy?"
                            .formatted(what, patience.toSeconds()),
                    e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new TopicException(what + " was interrupted", e);
        }
    }
}
