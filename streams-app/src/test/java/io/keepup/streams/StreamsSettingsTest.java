package io.keepup.streams;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.keepup.schemas.topic.Topics;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.streams.StreamsConfig;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class StreamsSettingsTest {

    @Test
    void defaults_are_exactly_once_at_low_latency() {
        StreamsConfig config = new StreamsConfig(StreamsSettings.of(Map.of()).streams());
        assertThat(config.getString(StreamsConfig.PROCESSING_GUARANTEE_CONFIG))
                .isEqualTo(StreamsConfig.EXACTLY_ONCE_V2);
        assertThat(config.getLong(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG)).isEqualTo(5);
        Map<String, Object> producer = config.getProducerConfigs("test");
        assertThat(producer)
                .containsEntry(ProducerConfig.LINGER_MS_CONFIG, 5L)
                .containsEntry(ProducerConfig.MAX_REQUEST_SIZE_CONFIG, Topics.REJECTED_MAX_MESSAGE_BYTES);
    }

    @Test
    void every_client_gives_up_a_broker_that_hangs_or_leads_nothing_any_more_within_seconds() {
        StreamsSettings settings = StreamsSettings.of(Map.of("request.timeout.ms", "4000"));

        for (Map<?, ?> client : List.of(settings.streams(), settings.admin(), settings.consumer())) {
            assertThat(client.get("request.timeout.ms")).hasToString("4000");
            assertThat(client.get("metadata.max.age.ms")).hasToString("10000");
        }
    }

    @Test
    void what_is_given_wins_and_all_else_passes_through() {
        StreamsSettings settings = StreamsSettings.of(Map.of(
                StreamsSettings.BOOTSTRAP,
                "kafka:9093",
                "commit.interval.ms",
                "7",
                "security.protocol",
                "SSL",
                "schema.registry.basic.auth.user.info",
                "me:pw",
                "main.consumer.fetch.max.wait.ms",
                "17",
                "consumer.client.id",
                "page"));
        Properties streams = settings.streams();
        assertThat(streams)
                .containsEntry("commit.interval.ms", 7L)
                .containsEntry("security.protocol", "SSL")
                .containsEntry("main.consumer.fetch.max.wait.ms", "17")
                .doesNotContainKey("schema.registry.basic.auth.user.info");
        assertThat(settings.admin())
                .containsEntry("security.protocol", "SSL")
                .containsEntry("bootstrap.servers", "kafka:9093")
                .doesNotContainKey("commit.interval.ms");
        assertThat(settings.consumer())
                .containsEntry("security.protocol", "SSL")
                .containsEntry("client.id", "page");
        assertThat(settings.with(StreamsSettings.HTTP_PORT, "0").httpPort()).isZero();
    }

    @ParameterizedTest
    @CsvSource({
        "keepup.http.port, 99999",
        "keepup.policy, bold",
        "processing.guarantee, at_least_once",
        "commit.interval.ms, 0",
        "keepup.http.prot, 80",
        "num.standby.replicas, -1",
        "keepup.watchdog.interval.ms, 0",
        "keepup.watchdog.stall.ms, -1",
        "schema.registry.basic.auth.user, me"
    })
    void a_wrong_setting_is_named_in_one_line(String name, String value) {
        assertThatThrownBy(() -> StreamsSettings.of(Map.of(name, value)))
                .isInstanceOf(StartException.class)
                .hasMessageContaining(name)
                .hasMessageNotContaining("\n");
    }

    @Test
    void every_setting_says_what_it_is_for() {
        assertThat(StreamsSettings.describe()).contains("keepup.http.port", "commit.interval.ms", "decision latency");
    }
}
