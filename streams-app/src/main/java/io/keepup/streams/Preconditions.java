package io.keepup.streams;

import io.keepup.schemas.registry.RegistryException;
import io.keepup.schemas.registry.SchemaRegistry;
import io.keepup.schemas.topic.TopicSpec;
import io.keepup.schemas.topic.Topics;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.avro.Schema;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.common.KafkaException;

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
     * Checks broker, topics and schemas, in this order.
     *
     * @param limit how long the broker may take to answer
     * @throws StartException naming the first thing that is missing
     */
    static void check(StreamsSettings settings, SchemaRegistry registry, Duration limit) {
        List<TopicSpec> specs = Topics.shared().stream()
                .filter(spec -> NEEDED.contains(spec.name()))
                .toList();
        checkTopics(settings, specs, limit);
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

    private static void checkTopics(StreamsSettings settings, List<TopicSpec> specs, Duration limit) {
        Set<String> present = topics(settings, limit);
        List<String> missing = specs.stream()
                .map(TopicSpec::name)
                .filter(name -> !present.contains(name))
                .toList();
        if (!missing.isEmpty()) {
            throw new StartException("Kafka at %s lacks %s: run 'keepup topics create'"
                    .formatted(settings.bootstrap(), String.join(", ", missing)));
        }
    }

    private static Set<String> topics(StreamsSettings settings, Duration limit) {
        Admin admin = null;
        try {
            admin = Admin.create(settings.admin());
            return admin.listTopics().names().get(limit.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            throw new StartException(
                    "no Kafka broker answers at %s within %d s: start it, or name the right one"
                            .formatted(settings.bootstrap(), limit.toSeconds()),
                    e);
        } catch (ExecutionException e) {
            throw new StartException(
                    "Kafka at %s does not list its topics: %s"
                            .formatted(settings.bootstrap(), e.getCause().getMessage()),
                    e);
        } catch (KafkaException e) {
            Throwable reason = e.getCause() == null ? e : e.getCause();
            throw new StartException(
                    "there is no way to Kafka at '%s': %s".formatted(settings.bootstrap(), reason.getMessage()), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new StartException("interrupted while waiting for Kafka", e);
        } finally {
            if (admin != null) {
                admin.close(Duration.ZERO);
            }
        }
    }
}
