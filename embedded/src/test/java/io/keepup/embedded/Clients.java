package io.keepup.embedded;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.awaitility.Awaitility;

/** Kafka clients as the tests want them. */
final class Clients {

    private Clients() {}

    /** A topic of one partition. */
    static void createTopic(String bootstrap, String topic, Map<String, String> config) throws Exception {
        createTopic(bootstrap, topic, 1, config);
    }

    static void createTopic(String bootstrap, String topic, int partitions, Map<String, String> config)
            throws Exception {
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", bootstrap))) {
            admin.createTopics(List.of(new NewTopic(topic, partitions, (short) 1).configs(config)))
                    .all()
                    .get();
            // KAFKA-15591: a batch sent to a brand-new topic can be lost.
            Awaitility.await()
                    .atMost(Duration.ofSeconds(30))
                    .ignoreExceptionsInstanceOf(ExecutionException.class)
                    .until(() -> isEmpty(admin, topic, partitions));
        }
    }

    static KafkaProducer<String, byte[]> producer(String bootstrap, Map<String, Object> settings) {
        Map<String, Object> all = new HashMap<>(settings);
        all.put("bootstrap.servers", bootstrap);
        all.put("acks", "all");
        return new KafkaProducer<>(all, new StringSerializer(), new ByteArraySerializer());
    }

    /** Everything a read_committed reader sees on the topic now. */
    static List<ConsumerRecord<String, byte[]>> readAll(String bootstrap, String topic) {
        Map<String, Object> settings = Map.of("bootstrap.servers", bootstrap, "isolation.level", "read_committed");
        TopicPartition partition = new TopicPartition(topic, 0);
        List<ConsumerRecord<String, byte[]>> found = new ArrayList<>();
        try (KafkaConsumer<String, byte[]> consumer =
                new KafkaConsumer<>(settings, new StringDeserializer(), new ByteArrayDeserializer())) {
            consumer.assign(List.of(partition));
            consumer.seekToBeginning(List.of(partition));
            long end = consumer.endOffsets(List.of(partition)).get(partition);
            Awaitility.await().atMost(Duration.ofSeconds(20)).until(() -> {
                consumer.poll(Duration.ofMillis(200)).forEach(found::add);
                return consumer.position(partition) >= end;
            });
        }
        return found;
    }

    /** One of the producer's own metrics, such as how many records it sent again. */
    static double total(KafkaProducer<?, ?> producer, String metric) {
        return producer.metrics().values().stream()
                .filter(m -> m.metricName().group().equals("producer-metrics")
                        && m.metricName().name().equals(metric))
                .mapToDouble(m -> (double) m.metricValue())
                .sum();
    }

    private static boolean isEmpty(Admin admin, String topic, int partitions)
            throws ExecutionException, InterruptedException {
        Map<TopicPartition, OffsetSpec> ends = new HashMap<>();
        for (int partition = 0; partition < partitions; partition++) {
            ends.put(new TopicPartition(topic, partition), OffsetSpec.latest());
        }
        return admin.listOffsets(ends).all().get().values().stream().allMatch(end -> end.offset() == 0);
    }
}
