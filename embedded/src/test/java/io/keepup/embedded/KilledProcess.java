package io.keepup.embedded;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Map;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;

/** The process {@link KillTest} kills: a cluster that writes until it dies, and prints what was acknowledged. */
final class KilledProcess {

    static final String TOPIC = "survivors";
    static final String SUBJECT = "survivors-value";

    private KilledProcess() {}

    public static void main(String[] args) throws Exception {
        EmbeddedCluster cluster = EmbeddedCluster.start(Path.of(args[0]));
        Clients.createTopic(cluster.bootstrapServers(), TOPIC, Map.of());
        HttpResponse<String> registered = HttpClient.newHttpClient()
                .send(
                        HttpRequest.newBuilder(URI.create(cluster.registryUrl() + "/subjects/" + SUBJECT + "/versions"))
                                .POST(HttpRequest.BodyPublishers.ofString("{\"schema\": \"\\\"long\\\"\"}"))
                                .build(),
                        HttpResponse.BodyHandlers.ofString());
        System.out.println("registered " + registered.body());
        try (KafkaProducer<String, byte[]> producer = Clients.producer(cluster.bootstrapServers(), Map.of())) {
            for (long next = 0; true; next++) {
                byte[] value = ByteBuffer.allocate(8).putLong(next).array();
                producer.send(new ProducerRecord<>(TOPIC, value)).get();
                System.out.println("acked " + next);
            }
        }
    }
}
