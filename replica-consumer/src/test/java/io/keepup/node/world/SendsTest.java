package io.keepup.node.world;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.keepup.node.NodeSettings;
import io.keepup.node.fixture.TestCluster;
import io.keepup.node.kafka.KafkaClients;
import io.keepup.schemas.topic.Topics;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.errors.TimeoutException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class SendsTest {

    private static Producer<byte[], byte[]> producer(String bootstrap) {
        return new KafkaClients(new NodeSettings(
                        "vs-1", Path.of("unused"), bootstrap, "http://unused", "127.0.0.1:0", Map.of()))
                .laneProducer("test");
    }

    @Test
    void a_record_that_a_producer_without_a_broker_does_not_take_is_told_to_the_sender_and_not_to_the_callback()
            throws IOException {
        AtomicInteger heard = new AtomicInteger();
        try (Producer<byte[], byte[]> producer = producer("127.0.0.1:" + nobodysPort())) {
            var record = new ProducerRecord<>("lane", 0, new byte[0], new byte[1]);
            assertThatThrownBy(() -> Sends.send(producer, record, (at, failure) -> heard.incrementAndGet()))
                    .isInstanceOf(TimeoutException.class);
        }
        assertThat(heard).hasValue(0);
    }

    private static int nobodysPort() throws IOException {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return taken.getLocalPort();
        }
    }

    @Test
    void the_callback_hears_of_a_record_that_was_taken() {
        CompletableFuture<Long> offset = new CompletableFuture<>();
        try (Producer<byte[], byte[]> producer = producer(TestCluster.get().bootstrap())) {
            Sends.send(producer, new ProducerRecord<>(Topics.SYNC_ACKS, new byte[0], new byte[1]), (at, failure) -> {
                if (failure == null) {
                    offset.complete(at.offset());
                } else {
                    offset.completeExceptionally(failure);
                }
            });
            assertThat(offset.join()).isNotNegative();
        }
    }
}
