package io.keepup.bench.recovery;

import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.kafka.clients.admin.ListOffsetsResult.ListOffsetsResultInfo;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.RetriableException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.ByteBufferDeserializer;

/** What plain clients need on the same broker: the figure that recoveries are held against. */
final class PlainKafka {

    private static final int RECORD = 1 << 20;
    private static final int BUFFER = 32 << 20;
    private static final int FETCH = 8 << 20;
    private static final int DIFFERENT = 16;
    private static final Duration POLL = Duration.ofMillis(100);

    /** How a consumer is set up. */
    enum Fetching {
        /** By Kafka's own defaults. */
        plain,
        /** As the lanes' consumers are: large fetches, whose records are neither copied out of them nor checked by Kafka. */
        tuned
    }

    private final BenchCluster cluster;
    private final AtomicLong moved = new AtomicLong();
    private int topics;

    PlainKafka(BenchCluster cluster) {
        this.cluster = cluster;
    }

    /** Bytes a second of random data that a producer sends in 1 MiB records while a consumer reads them, both tuned. */
    double move(long bytes) {
        String topic = "bench.plain." + ++topics;
        create(topic);
        long records = (bytes + RECORD - 1) / RECORD;
        moved.set(0);
        try (KafkaConsumer<byte[], ?> consumer = consumer(Fetching.tuned)) {
            TopicPartition partition = new TopicPartition(topic, 0);
            consumer.assign(List.of(partition));
            consumer.seekToBeginning(List.of(partition));
            consumer.position(partition);
            long began = System.nanoTime();
            CompletableFuture<Void> sending = new CompletableFuture<>();
            Thread.ofPlatform().name("bench-plain").daemon(true).start(() -> {
                try {
                    send(topic, records);
                    sending.complete(null);
                } catch (RuntimeException e) {
                    sending.completeExceptionally(e);
                }
            });
            while (moved.get() < records * RECORD) {
                receive(consumer);
                if (sending.isCompletedExceptionally()) {
                    sending.join();
                }
            }
            double seconds = (System.nanoTime() - began) / 1e9;
            sending.join();
            return records * RECORD / seconds;
        } catch (CompletionException e) {
            throw new IllegalStateException(
                    "plain sending failed: " + e.getCause().getMessage(), e.getCause());
        } finally {
            get(cluster.admin().deleteTopics(List.of(topic)).all());
        }
    }

    /** Bytes a second, of record values, that a consumer reads from all that a topic of one partition holds. */
    double read(String topic, Fetching fetching) {
        TopicPartition partition = new TopicPartition(topic, 0);
        moved.set(0);
        try (KafkaConsumer<byte[], ?> consumer = consumer(fetching)) {
            long end = end(partition).offset();
            long began = System.nanoTime();
            consumer.assign(List.of(partition));
            consumer.seekToBeginning(List.of(partition));
            while (consumer.position(partition) < end) {
                receive(consumer);
            }
            return moved.get() * 1e9 / (System.nanoTime() - began);
        }
    }

    /** Bytes moved so far in the call under way. */
    long moved() {
        return moved.get();
    }

    private void receive(KafkaConsumer<byte[], ?> consumer) {
        for (ConsumerRecord<byte[], ?> record : consumer.poll(POLL)) {
            moved.addAndGet(record.serializedValueSize());
        }
    }

    private void send(String topic, long records) {
        Random random = new Random(records);
        byte[][] values = new byte[DIFFERENT][RECORD];
        for (byte[] value : values) {
            random.nextBytes(value);
        }
        AtomicReference<Exception> failure = new AtomicReference<>();
        Map<String, Object> config = new HashMap<>();
        config.put(ProducerConfig.BOOTSTRAP_SERVERS_CONFIG, cluster.bootstrap());
        config.put(ProducerConfig.ACKS_CONFIG, "all");
        config.put(ProducerConfig.BATCH_SIZE_CONFIG, RECORD + (64 << 10));
        config.put(ProducerConfig.BUFFER_MEMORY_CONFIG, (long) BUFFER);
        config.put(ProducerConfig.MAX_REQUEST_SIZE_CONFIG, 2 * RECORD);
        config.put(ProducerConfig.LINGER_MS_CONFIG, 0);
        config.put(ProducerConfig.SEND_BUFFER_CONFIG, RECORD);
        try (var producer = new KafkaProducer<>(config, new ByteArraySerializer(), new ByteArraySerializer())) {
            for (long i = 0; i < records; i++) {
                producer.send(new ProducerRecord<>(topic, 0, null, values[(int) (i % DIFFERENT)]), (at, e) -> {
                    if (e != null) {
                        failure.set(e);
                    }
                });
            }
        }
        if (failure.get() != null) {
            throw new IllegalStateException("the broker refused a record", failure.get());
        }
    }

    private KafkaConsumer<byte[], ?> consumer(Fetching fetching) {
        Map<String, Object> config = new HashMap<>();
        config.put(ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG, cluster.bootstrap());
        config.put(ConsumerConfig.KEY_DESERIALIZER_CLASS_CONFIG, ByteArrayDeserializer.class);
        config.put(ConsumerConfig.VALUE_DESERIALIZER_CLASS_CONFIG, ByteArrayDeserializer.class);
        if (fetching == Fetching.tuned) {
            config.put(ConsumerConfig.VALUE_DESERIALIZER_CLASS_CONFIG, ByteBufferDeserializer.class);
            config.put(ConsumerConfig.CHECK_CRCS_CONFIG, false);
            config.put(ConsumerConfig.FETCH_MAX_BYTES_CONFIG, FETCH);
            config.put(ConsumerConfig.MAX_PARTITION_FETCH_BYTES_CONFIG, FETCH);
            config.put(ConsumerConfig.RECEIVE_BUFFER_CONFIG, RECORD);
        }
        return new KafkaConsumer<byte[], Object>(config);
    }

    private void create(String topic) {
        NewTopic spec = new NewTopic(topic, 1, (short) 1)
                .configs(Map.of("max.message.bytes", String.valueOf(2 * RECORD), "file.delete.delay.ms", "0"));
        get(cluster.admin().createTopics(List.of(spec)).all());
        BenchCluster.await("topic " + topic, () -> {
            try {
                return end(new TopicPartition(topic, 0)).offset() == 0;
            } catch (RetriableException e) {
                return false; // a batch sent to a topic before its leader is known everywhere can be lost
            }
        });
    }

    private ListOffsetsResultInfo end(TopicPartition partition) {
        return get(cluster.admin()
                .listOffsets(Map.of(partition, OffsetSpec.latest()))
                .partitionResult(partition));
    }

    private static <T> T get(org.apache.kafka.common.KafkaFuture<T> future) {
        try {
            return future.get();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof RetriableException again) {
                throw again;
            }
            throw new IllegalStateException(
                    "the broker refuses: " + e.getCause().getMessage(), e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while talking to the broker", e);
        }
    }
}
