package io.keepup.embedded;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.keepup.embedded.EmbeddedStartException.Reason;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(value = 60, unit = TimeUnit.SECONDS)
class EmbeddedClusterTest {

    @TempDir
    Path temp;

    @Test
    void it_comes_back_on_the_ports_it_is_given_and_leaves_no_thread_behind() throws Exception {
        int kafkaPort;
        int registryPort;
        String clusterId;
        try (EmbeddedCluster cluster = EmbeddedCluster.start(temp)) {
            kafkaPort = port(cluster.bootstrapServers());
            registryPort = port(cluster.registryUrl());
            clusterId = cluster.clusterId();
            assertThat(Files.readString(temp.resolve("VERSION"))).isEqualTo(EmbeddedCluster.FORMAT + "\n");
        }

        EmbeddedCluster again = EmbeddedCluster.start(temp, kafkaPort, registryPort);
        assertThat(again.bootstrapServers()).isEqualTo("127.0.0.1:" + kafkaPort);
        assertThat(again.registryUrl()).isEqualTo("http://127.0.0.1:" + registryPort);
        assertThat(again.clusterId()).isEqualTo(clusterId);
        assertThat(again.directory()).isEqualTo(temp.toRealPath());
        again.close();
        again.close();

        assertThat(Thread.getAllStackTraces().keySet())
                .filteredOn(thread -> !thread.isDaemon())
                .extracting(Thread::getName)
                .noneMatch(name -> name.contains("kafka") || name.contains("broker") || name.contains("controller"));
    }

    @Test
    void a_registry_port_in_use_stops_the_broker_too() throws Exception {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
            EmbeddedStartException refusal = catchThrowableOfType(
                    EmbeddedStartException.class,
                    () -> EmbeddedCluster.start(temp, 0, taken.getLocalPort()).close());

            assertThat(refusal.reason()).isEqualTo(Reason.PORT_IN_USE);
            assertThat(refusal.getMessage())
                    .contains("schema registry", Integer.toString(taken.getLocalPort()))
                    .doesNotContain("\n");
        }
        EmbeddedCluster.start(temp).close();
    }

    @Test
    void a_data_directory_of_another_version_is_refused_and_not_touched() throws Exception {
        Files.writeString(temp.resolve("VERSION"), "keepup-data 2\n");

        EmbeddedStartException refusal =
                catchThrowableOfType(EmbeddedStartException.class, () -> EmbeddedCluster.start(temp));

        assertThat(refusal.reason()).isEqualTo(Reason.OTHER_VERSION);
        assertThat(refusal.getMessage()).contains("keepup-data 2", "keepup-data 1", temp.toString());
        assertThat(temp.resolve("kafka")).doesNotExist();
    }

    private static int port(String address) {
        return Integer.parseInt(address.substring(address.lastIndexOf(':') + 1));
    }
}
