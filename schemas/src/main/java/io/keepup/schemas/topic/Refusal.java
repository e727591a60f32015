package io.keepup.schemas.topic;

import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.AuthenticationException;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.GroupAuthorizationException;
import org.apache.kafka.common.errors.TopicAuthorizationException;

/**
 * Kafka does not know us, or does not let us.
 *
 * @param reason an {@link AuthenticationException} or {@link AuthorizationException}
 */
public record Refusal(KafkaException reason) {

    /** The refusal behind a failure; empty when it failed for something else. */
    public static Optional<Refusal> behind(Throwable failure) {
        for (Throwable at = failure; at != null; at = at.getCause()) {
            if (at instanceof AuthenticationException || at instanceof AuthorizationException) {
                return Optional.of(new Refusal((KafkaException) at));
            }
        }
        return Optional.empty();
    }

    /** The same failure with the name of the topic it is about, which an admin client's answer leaves out. */
    public static Throwable naming(String topic, Throwable failure) {
        return failure instanceof TopicAuthorizationException refused
                        && refused.unauthorizedTopics().isEmpty()
                ? new TopicAuthorizationException(refused.getMessage(), Set.of(topic))
                : failure;
    }

    /**
     * What is refused, where, and what to do.
     *
     * @param bootstrap where Kafka is
     */
    public String sentence(String bootstrap) {
        if (reason instanceof AuthenticationException) {
            return "Kafka at %s refuses who we are (%s): put the right login, or keys, into the --config file"
                    .formatted(bootstrap, reason.getMessage());
        }
        return "Kafka at %s refuses %s: grant this login the ACLs that docs/operator.md lists, or put another one into the --config file"
                .formatted(bootstrap, what());
    }

    private String what() {
        if (reason instanceof TopicAuthorizationException topics
                && !topics.unauthorizedTopics().isEmpty()) {
            TreeSet<String> names = new TreeSet<>(topics.unauthorizedTopics());
            return "topic " + names.first() + (names.size() == 1 ? "" : " and %s more".formatted(names.size() - 1));
        }
        if (reason instanceof GroupAuthorizationException group && group.groupId() != null) {
            return "group " + group.groupId();
        }
        return "what we ask for (%s)".formatted(reason.getMessage());
    }
}
