package io.keepup.embedded.registry;

import io.keepup.embedded.EmbeddedStartException;
import io.keepup.embedded.EmbeddedStartException.Reason;
import io.keepup.service.failure.RepeatedFailureLog;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.RetriableException;
import org.apache.kafka.common.errors.TopicExistsException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.apache.kafka.common.errors.WakeupException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The registry's storage: one compacted partition, {@code _schemas}. What is on the topic is the truth; the state is only
 * ever changed by folding what was read back from it, at start and after a write alike. One registry at a time.
 */
final class SchemasTopic implements AutoCloseable {

    static final String NAME = "_schemas";
    static final TopicPartition PARTITION = new TopicPartition(NAME, 0);

    private static final Logger log = LoggerFactory.getLogger(SchemasTopic.class);
    private static final RepeatedFailureLog failures = new RepeatedFailureLog(log);

    private static final int MAX_RECORD_BYTES = 4 << 20;

    private final KafkaProducer<byte[], byte[]> producer;
    private final KafkaConsumer<byte[], byte[]> consumer;
    private final Consumer<RegistryRecord> fold;
    private final Duration limit;
    private final Thread reader;

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition moved = lock.newCondition();
    /** Offset of the next record to fold; guarded by the lock. */
    private long position;
    /** Why the reader stopped, null while it runs; guarded by the lock. */
    private Throwable stopped;
    /** A write ended without an answer, so its record may or may not be on the topic; guarded by the caller's turn. */
    private boolean unsure;

    private SchemasTopic(Map<String, Object> clientSettings, Consumer<RegistryRecord> fold, Duration limit) {
        this.fold = fold;
        this.limit = limit;
        producer = new KafkaProducer<>(producerSettings(clientSettings, (int) limit.toMillis()));
        consumer = new KafkaConsumer<>(consumerSettings(clientSettings));
        reader = Thread.ofPlatform().daemon().name("schemas-topic-reader").unstarted(this::read);
    }

    /**
     * Makes the topic when there is none, and returns when everything on it is folded.
     *
     * @param limit how long the broker may take to answer, here and for each write
     * @throws EmbeddedStartException BROKER_UNREACHABLE, or FAILED when the topic is not fit
     */
    static SchemasTopic open(Map<String, Object> clientSettings, Consumer<RegistryRecord> fold, Duration limit) {
        long end = prepare(clientSettings, limit);
        SchemasTopic topic = new SchemasTopic(clientSettings, fold, limit);
        try {
            topic.consumer.assign(List.of(PARTITION));
            topic.consumer.seekToBeginning(List.of(PARTITION));
            topic.reader.start();
            topic.awaitFolded(end);
            return topic;
        } catch (RuntimeException e) {
            topic.close();
            throw new EmbeddedStartException(
                    Reason.FAILED,
                    "the schema registry cannot read topic %s (%s): see that the broker is well"
                            .formatted(NAME, e.getMessage()),
                    e);
        }
    }

    /**
     * Settles a write whose fate is unknown, so that the next decision is made from the whole truth: what is in doubt lies
     * before the record written here, or never comes. Called at the beginning of every writer's turn.
     *
     * @throws RegistryException STORE when it still cannot be said
     */
    void settle() {
        if (unsure) {
            append(List.of(new RegistryRecord.Noop()));
            unsure = false;
        }
    }

    /**
     * Writes the records in order; when it returns, the broker has acknowledged them all and they are folded. One caller
     * at a time.
     *
     * @throws RegistryException STORE when that cannot be said; the records may or may not come to be
     */
    void append(List<? extends RegistryRecord> changes) {
        try {
            long end = 0;
            List<Future<RecordMetadata>> sent = changes.stream()
                    .map(change -> producer.send(RegistryRecordJson.encode(NAME, change)))
                    .toList();
            for (Future<RecordMetadata> one : sent) {
                end = one.get().offset() + 1;
            }
            awaitFolded(end);
        } catch (ExecutionException | KafkaException e) {
            unsure = true;
            Throwable cause = e instanceof ExecutionException ? e.getCause() : e;
            throw new RegistryException(
                    RegistryException.Code.STORE,
                    "Topic %s cannot be written: %s".formatted(NAME, cause.getMessage()),
                    cause);
        } catch (InterruptedException e) {
            unsure = true;
            Thread.currentThread().interrupt();
            throw new RegistryException(RegistryException.Code.STORE, "Interrupted while writing topic " + NAME, e);
        } catch (RegistryException e) {
            unsure = true;
            throw e;
        }
    }

    /** Whether the state still follows the topic. */
    boolean healthy() {
        lock.lock();
        try {
            return stopped == null;
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void close() {
        consumer.wakeup();
        try {
            if (reader.isAlive()) {
                reader.join(limit);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        if (!reader.isAlive()) {
            consumer.close();
        }
        producer.close(Duration.ofSeconds(1));
    }

    private void awaitFolded(long end) {
        long left = limit.toNanos();
        lock.lock();
        try {
            while (position < end && stopped == null && left > 0) {
                left = moved.awaitNanos(left);
            }
            if (position < end) {
                throw new RegistryException(
                        RegistryException.Code.STORE, "Topic %s cannot be read back".formatted(NAME), stopped);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new RegistryException(RegistryException.Code.STORE, "Interrupted while reading topic " + NAME, e);
        } finally {
            lock.unlock();
        }
    }

    private void read() {
        try {
            while (true) {
                try {
                    for (ConsumerRecord<byte[], byte[]> one : consumer.poll(Duration.ofSeconds(1))) {
                        decode(one).ifPresent(fold);
                    }
                    moveTo(consumer.position(PARTITION));
                } catch (RetriableException e) {
                    failures.warn("reading", "Reading topic %s failed, trying again: %s".formatted(NAME, e));
                }
            }
        } catch (WakeupException | InterruptException e) {
            stop(e);
        } catch (RuntimeException | Error e) {
            log.error("The schema registry no longer follows topic {}", NAME, e);
            stop(e);
        }
    }

    private static Optional<RegistryRecord> decode(ConsumerRecord<byte[], byte[]> found) {
        try {
            return Optional.of(RegistryRecordJson.decode(found.key(), found.value()));
        } catch (IllegalArgumentException e) {
            failures.warn(
                    "left aside",
                    "Record %s of topic %s is not the registry's, left aside: %s"
                            .formatted(found.offset(), NAME, e.getMessage()));
            return Optional.empty();
        }
    }

    private void moveTo(long next) {
        lock.lock();
        try {
            position = next;
            moved.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private void stop(Throwable why) {
        lock.lock();
        try {
            stopped = why;
            moved.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** Makes sure of the topic and returns its end offset. */
    private static long prepare(Map<String, Object> clientSettings, Duration limit) {
        Map<String, Object> settings = new HashMap<>(clientSettings);
        settings.put("default.api.timeout.ms", (int) limit.toMillis());
        settings.put("request.timeout.ms", (int) limit.toMillis() / 2);
        try (Admin admin = Admin.create(settings)) {
            describe(admin).ifPresentOrElse(topic -> check(admin, topic), () -> create(admin));
            return endOffset(admin, limit);
        } catch (KafkaException e) {
            boolean silent = e instanceof org.apache.kafka.common.errors.TimeoutException;
            throw new EmbeddedStartException(
                    silent ? Reason.BROKER_UNREACHABLE : Reason.FAILED,
                    "the schema registry cannot use the Kafka broker at %s (%s): see that it runs there and that this user may use topic %s"
                            .formatted(clientSettings.get("bootstrap.servers"), e.getMessage(), NAME),
                    e);
        }
    }

    private static Optional<TopicDescription> describe(Admin admin) {
        try {
            return Optional.of(
                    answer(admin.describeTopics(List.of(NAME)).topicNameValues().get(NAME)));
        } catch (UnknownTopicOrPartitionException e) {
            return Optional.empty();
        }
    }

    /** Any other policy than compaction would lose schemas in time; a second partition would lose their order. */
    private static void check(Admin admin, TopicDescription topic) {
        ConfigResource resource = new ConfigResource(ConfigResource.Type.TOPIC, NAME);
        String policy = answer(admin.describeConfigs(List.of(resource)).values().get(resource))
                .get("cleanup.policy")
                .value();
        if (topic.partitions().size() != 1 || !policy.equals("compact")) {
            throw new EmbeddedStartException(
                    Reason.FAILED,
                    "topic %s has %s partitions and policy '%s' but the schema registry needs 1 and 'compact': delete or alter the topic"
                            .formatted(NAME, topic.partitions().size(), policy));
        }
    }

    private static void create(Admin admin) {
        NewTopic topic =
                new NewTopic(NAME, Optional.of(1), Optional.empty()).configs(Map.of("cleanup.policy", "compact"));
        try {
            answer(admin.createTopics(List.of(topic)).all());
        } catch (TopicExistsException e) {
            log.debug("Topic {} was made by somebody else in between", NAME);
        }
    }

    /** Asks until the new partition answers: a batch sent before that can be lost (KAFKA-15591). */
    private static long endOffset(Admin admin, Duration limit) {
        long deadline = System.nanoTime() + limit.toNanos();
        while (true) {
            try {
                return answer(admin.listOffsets(Map.of(PARTITION, OffsetSpec.latest()))
                                .partitionResult(PARTITION))
                        .offset();
            } catch (RetriableException e) {
                if (System.nanoTime() > deadline) {
                    throw e;
                }
            }
        }
    }

    private static <T> T answer(Future<T> future) {
        try {
            return future.get();
        } catch (ExecutionException e) {
            throw e.getCause() instanceof KafkaException kafka ? kafka : new KafkaException(e.getCause());
        } catch (InterruptedException e) {
            throw new InterruptException(e);
        }
    }

    private static Map<String, Object> producerSettings(Map<String, Object> clientSettings, int limitMs) {
        Map<String, Object> settings = new HashMap<>(clientSettings);
        settings.put("key.serializer", ByteArraySerializer.class);
        settings.put("value.serializer", ByteArraySerializer.class);
        settings.put("acks", "all");
        settings.put("enable.idempotence", true);
        settings.put("linger.ms", 0);
        settings.put("max.block.ms", limitMs);
        settings.put("request.timeout.ms", limitMs / 2);
        settings.put("delivery.timeout.ms", limitMs);
        settings.put("max.request.size", MAX_RECORD_BYTES);
        settings.put("buffer.memory", 2 * MAX_RECORD_BYTES);
        return settings;
    }

    private static Map<String, Object> consumerSettings(Map<String, Object> clientSettings) {
        Map<String, Object> settings = new HashMap<>(clientSettings);
        settings.put("key.deserializer", ByteArrayDeserializer.class);
        settings.put("value.deserializer", ByteArrayDeserializer.class);
        settings.put("enable.auto.commit", false);
        settings.put("auto.offset.reset", "earliest");
        settings.put(
                "max.poll.records", 1); // a poll is in memory whole, and some KB can be 100 MB that were compressed
        return settings;
    }
}
