package io.keepup.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;

class NodeSettingsTest {

    private static NodeSettings with(Map<String, String> properties) {
        return new NodeSettings("vs-1", Path.of("d"), "b:1", "http://r", "127.0.0.1:8090", properties);
    }

    @Test
    void settings_are_read_and_all_else_goes_to_kafka() {
        NodeSettings settings = with(Map.of("node.sync.interval.ms", "250", "security.protocol", "SSL"));
        assertThat(settings.get(NodeSettings.SYNC_INTERVAL)).isEqualTo(Duration.ofMillis(250));
        assertThat(settings.get(NodeSettings.WAL_BATCH_BYTES)).isEqualTo(1 << 20);
        assertThat(settings.kafka()).containsOnly(Map.entry("security.protocol", "SSL"));
        assertThat(settings.listenHost()).isEqualTo("127.0.0.1");
        assertThat(settings.listenPort()).isEqualTo(8090);
    }

    @Test
    void the_hard_limit_of_the_WAL_follows_its_retention_unless_given() {
        assertThat(with(Map.of()).walLimitBytes()).isEqualTo(4L << 30);
        assertThat(with(Map.of("node.wal.retain.bytes", "1000")).walLimitBytes())
                .isEqualTo(4_000);
        assertThat(with(Map.of("node.wal.retain.bytes", "1000", "node.wal.limit.bytes", "1500"))
                        .walLimitBytes())
                .isEqualTo(1_500);
        assertThat(with(Map.of("node.wal.retain.bytes", String.valueOf(Long.MAX_VALUE)))
                        .walLimitBytes())
                .isEqualTo(Long.MAX_VALUE);
        assertThatThrownBy(() -> with(Map.of("node.wal.limit.bytes", "1000")))
                .hasMessage(
                        "node.wal.limit.bytes is 1000, below node.wal.retain.bytes, 1073741824: give it at least that");
    }

    @Test
    void what_means_none_may_be_none() {
        NodeSettings settings = with(Map.of("node.wal.linger.ms", "0", "node.recovery.bytes.per.second", "0"));
        assertThat(settings.get(NodeSettings.WAL_LINGER)).isZero();
        assertThat(settings.recoveryLimits()).isEqualTo(new RecoveryLimits.Values(2, 0));
    }

    @Test
    void the_registrys_settings_do_not_go_to_kafka() {
        Map<String, String> given = Map.of("schema.registry.basic.auth.user.info", "me:pw", "security.protocol", "SSL");
        assertThat(with(given).kafka()).isEqualTo(Map.of("security.protocol", "SSL"));
    }

    @Test
    void what_cannot_be_used_is_said() {
        assertThatThrownBy(() -> with(Map.of("node.lane.compression", "rar"))).hasMessageContaining("'rar' cannot be");
        assertThatThrownBy(() -> with(Map.of("node.wal.linger.ms", "-1"))).hasMessageContaining("'-1' cannot be");
        assertThatThrownBy(() -> with(Map.of("node.rebuild.concurrent", "0"))).hasMessageContaining("'0' cannot be");
        assertThatThrownBy(() -> with(Map.of("node.recovery.bytes.per.second", "1000")))
                .hasMessageContaining("allow 1048576 or more, or 0");
        assertThatThrownBy(() -> with(Map.of("node.base.window.bytes", "65536")))
                .hasMessageContaining("less than one chunk");
        assertThatThrownBy(() -> with(Map.of("node.sink.interval.ms", "1"))).hasMessageContaining("no setting");
        assertThatThrownBy(() -> with(Map.of("node.sync.interval.ms", "soon")))
                .hasMessageContaining("'soon' cannot be");
        assertThatThrownBy(() -> with(Map.of("node.sync.interval.ms", "0"))).hasMessageContaining("'0' cannot be");
        assertThatThrownBy(() -> new NodeSettings("vs 1", Path.of("d"), "b", "http://r", "h:1", Map.of()))
                .hasMessageContaining("not a node id");
        assertThatThrownBy(() -> new NodeSettings("vs-1", Path.of("d"), "b", "http://r", "8090", Map.of()))
                .hasMessageContaining("write host:port");
        assertThatThrownBy(() -> new NodeSettings("vs-1", Path.of("d"), "b", "r", "h:1", Map.of()))
                .hasMessageContaining("'r' is not a URL of a registry");
        assertThatThrownBy(() -> with(Map.of("schema.registry.basic.auth.user.info", "me")))
                .hasMessageContaining("write user:password");
    }
}
