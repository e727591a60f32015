package io.keepup.streams;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks whether the fold's changelog is still the one it was at the start. The state is in memory: were the changelog
 * deleted, the fold would go on as if nothing had happened until the next event, or the next start.
 */
final class ChangelogWatch implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(ChangelogWatch.class);
    static final Duration INTERVAL = Duration.ofSeconds(3);

    private final Admin admin;
    private final String topic;
    private final Uuid id;
    private final ScheduledExecutorService looks = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name("keepup-changelog-watch").factory());
    private volatile String why;

    private ChangelogWatch(Admin admin, String topic) throws ExecutionException, InterruptedException {
        this.admin = admin;
        this.topic = topic;
        this.id = id();
    }

    /**
     * Begins to look.
     *
     * @param admin closed with this
     * @throws StartException when the topic is not there
     */
    static ChangelogWatch start(Admin admin, String topic) {
        try {
            ChangelogWatch watch = new ChangelogWatch(admin, topic);
            watch.looks.scheduleWithFixedDelay(
                    watch::look, INTERVAL.toMillis(), INTERVAL.toMillis(), TimeUnit.MILLISECONDS);
            return watch;
        } catch (ExecutionException e) {
            admin.close(Duration.ZERO);
            throw new StartException(
                    "cannot look at topic %s: %s".formatted(topic, e.getCause().getMessage()), e);
        } catch (InterruptedException e) {
            admin.close(Duration.ZERO);
            Thread.currentThread().interrupt();
            throw new StartException("interrupted while waiting for Kafka", e);
        }
    }

    /** Why the fold's state is in danger, if it is. */
    Optional<String> why() {
        return Optional.ofNullable(why);
    }

    private void look() {
        try {
            told(id().equals(id) ? null : "was deleted and made again");
        } catch (ExecutionException e) {
            if (e.getCause() instanceof UnknownTopicOrPartitionException) {
                told("was deleted");
            } else {
                log.debug("cannot look at topic {}", topic, e); // that brokers are away shows elsewhere
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void told(String how) {
        String now = how == null
                ? null
                : "the fold's changelog %s %s: its state is in this process's memory alone".formatted(topic, how);
        if (now != null && why == null) {
            log.error("{}", now);
        }
        why = now;
    }

    private Uuid id() throws ExecutionException, InterruptedException {
        return admin.describeTopics(List.of(topic))
                .topicNameValues()
                .get(topic)
                .get()
                .topicId();
    }

    @Override
    public void close() {
        looks.shutdownNow();
        admin.close(Duration.ZERO);
    }
}
