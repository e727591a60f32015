package io.keepup.streams;

import io.keepup.schemas.registry.RegistryException;
import io.keepup.schemas.registry.SchemaRegistry;
import io.keepup.schemas.topic.Refusal;
import io.keepup.schemas.topic.TopicAdmin;
import io.keepup.schemas.topic.TopicException;
import io.keepup.schemas.topic.TopicSpec;
import io.keepup.schemas.topic.Topics;
import io.keepup.streams.fold.FoldedState;
import io.keepup.streams.fold.KeepupTopology;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.avro.Schema;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.TopicPartition;

/** What must be there before the fold starts; Kafka Streams alone would wait in silence, or die with a stack trace. */
final class Preconditions {

    private static final Set<String> NEEDED = Set.of(
            Topics.EVENTS,
            Topics.COMMANDS_NODE,
            Topics.COMMANDS_SESSION,
            Topics.PROJECTIONS,
            Topics.SESSIONS,
            Topics.REJECTED);

    private Preconditions() {}

    /**
     * Checks broker, topics and schemas, and creates the fold's changelog where it is missing, in this order.
     *
     * @param limit how long the broker may take to answer
     * @return partitions of the events topic
     * @throws StartException naming the first thing that is missing
     */
    static int check(StreamsSettings settings, SchemaRegistry registry, Duration limit) {
        List<TopicSpec> specs = Topics.shared().stream()
                .filter(spec -> NEEDED.contains(spec.name()))
                .toList();
        Admin admin = null;
        try {
            admin = Admin.create(settings.admin());
            checkTopics(settings, admin, specs, limit);
            checkSchemas(registry, specs);
            int partitions = eventPartitions(settings, admin, limit);
            createChangelog(settings, admin, partitions, limit);
            return partitions;
        } catch (KafkaException e) {
            Throwable reason = e.getCause() == null ? e : e.getCause();
            throw new StartException(
                    "there is no way to Kafka at '%s': %s".formatted(settings.bootstrap(), reason.getMessage()), e);
        } finally {
            if (admin != null) {
                admin.close(Duration.ZERO);
            }
        }
    }

    private static void checkTopics(StreamsSettings settings, Admin admin, List<TopicSpec> specs, Duration limit) {
        Set<String> present = answer(settings, admin.listTopics().names(), limit);
        List<String> missing = specs.stream()
                .map(TopicSpec::name)
                .filter(name -> !present.contains(name))
                .toList();
        if (!missing.isEmpty()) {
            throw new StartException("Kafka at %s lacks %s: run 'keepup topics create'"
                    .formatted(settings.bootstrap(), String.join(", ", trulyMissing(settings, admin, missing, limit))));
        }
    }

    /** Topics that a login may not see are not told from others that are not there, unless asked for by name. */
    private static List<String> trulyMissing(
            StreamsSettings settings, Admin admin, List<String> topics, Duration limit) {
        try {
            List<String> missing = new TopicAdmin(admin, limit).missing(topics);
            return missing.isEmpty() ? topics : missing;
        } catch (TopicException e) {
            throw refused(settings, e).orElseGet(() -> new StartException(e.getMessage(), e));
        }
    }

    private static Optional<StartException> refused(StreamsSettings settings, Throwable failure) {
        return Refusal.behind(failure)
                .map(refusal -> new StartException(refusal.sentence(settings.bootstrap()), failure));
    }

    private static void checkSchemas(SchemaRegistry registry, List<TopicSpec> specs) {
        try {
            for (TopicSpec spec : specs) {
                for (Schema schema : spec.records()) {
                    registry.idOf(SchemaRegistry.subject(spec.name(), schema), schema);
                }
            }
        } catch (RegistryException e) {
            throw new StartException(e.getMessage(), e);
        }
    }

    /** Kafka Streams would create it and write at once, and what is first written to a new topic may be lost (KAFKA-15591). */
    private static void createChangelog(StreamsSettings settings, Admin admin, int partitions, Duration limit) {
        List<TopicSpec> changelogs = KeepupTopology.changelogs(settings.applicationId(), partitions);
        String volumes = changelogs.getFirst().name();
        try {
            TopicAdmin topics = new TopicAdmin(admin, limit);
            if (!settings.refold() && !topics.missing(List.of(volumes)).isEmpty()) {
                refuseWhenLost(settings, admin, volumes, limit);
            }
            topics.ensure(changelogs, settings.replicationFactor());
        } catch (TopicException e) {
            throw refused(settings, e)
                    .orElseGet(() -> new StartException("the fold's changelog cannot be made: " + e.getMessage(), e));
        }
    }

    /** Made anew and empty it would be taken for all there is: every event of a volume folded before would be refused. */
    private static void refuseWhenLost(StreamsSettings settings, Admin admin, String changelog, Duration limit) {
        Map<TopicPartition, OffsetAndMetadata> committed = answer(
                settings,
                admin.listConsumerGroupOffsets(settings.applicationId()).partitionsToOffsetAndMetadata(),
                limit);
        boolean folded = committed.entrySet().stream()
                .anyMatch(e -> e.getKey().topic().equals(Topics.EVENTS)
                        && e.getValue() != null
                        && e.getValue().offset() > 0);
        if (folded) {
            throw new StartException("cannot fold %s: the fold's state was lost with topic %s, which was deleted; %s"
                    .formatted(Topics.EVENTS, changelog, FoldedState.REMEDY));
        }
    }

    private static int eventPartitions(StreamsSettings settings, Admin admin, Duration limit) {
        return answer(
                        settings,
                        admin.describeTopics(List.of(Topics.EVENTS))
                                .topicNameValues()
                                .get(Topics.EVENTS),
                        limit)
                .partitions()
                .size();
    }

    private static <T> T answer(StreamsSettings settings, KafkaFuture<T> asked, Duration limit) {
        try {
            return asked.get(limit.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            throw new StartException(
                    "no Kafka broker answers at %s within %s s: start it, or name the right one"
                            .formatted(settings.bootstrap(), limit.toSeconds()),
                    e);
        } catch (ExecutionException e) {
            throw refused(settings, e)
                    .orElseGet(() -> new StartException(
                            "Kafka at %s does not say what topics it has: %s"
                                    .formatted(
                                            settings.bootstrap(), e.getCause().getMessage()),
                            e));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new StartException("interrupted while waiting for Kafka", e);
        }
    }
}
