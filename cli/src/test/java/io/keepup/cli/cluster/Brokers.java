package io.keepup.cli.cluster;

import static org.awaitility.Awaitility.await;

import com.github.dockerjava.api.model.Network.Ipam;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ListTopicsOptions;
import org.apache.kafka.common.TopicPartitionInfo;
import org.testcontainers.containers.Network;
import org.testcontainers.lifecycle.Startables;

/** Three brokers: three copies of everything, acknowledged by two. */
final class Brokers implements AutoCloseable {

    private static final int COUNT = 3;
    private static final Duration LIMIT = Duration.ofSeconds(120);
    private static final Map<String, String> SETTINGS = Map.ofEntries(
            Map.entry("CLUSTER_ID", "4L6g3nShT-eMCtK--X86sw"),
            Map.entry("KAFKA_PROCESS_ROLES", "broker,controller"),
            Map.entry(
                    "KAFKA_LISTENERS",
                    "CLIENTS://:%d,CONTROLLERS://:%d,BROKERS://:%d"
                            .formatted(Broker.CLIENTS, Broker.CONTROLLERS, Broker.BROKERS)),
            Map.entry(
                    "KAFKA_LISTENER_SECURITY_PROTOCOL_MAP",
                    "CLIENTS:PLAINTEXT,CONTROLLERS:PLAINTEXT,BROKERS:PLAINTEXT"),
            Map.entry("KAFKA_CONTROLLER_LISTENER_NAMES", "CONTROLLERS"),
            Map.entry("KAFKA_INTER_BROKER_LISTENER_NAME", "BROKERS"),
            Map.entry("KAFKA_HEAP_OPTS", "-Xmx384m -XX:+UseSerialGC"),
            Map.entry("KAFKA_DEFAULT_REPLICATION_FACTOR", "3"),
            Map.entry("KAFKA_MIN_INSYNC_REPLICAS", "2"),
            Map.entry("KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR", "3"),
            Map.entry("KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR", "3"),
            Map.entry("KAFKA_TRANSACTION_STATE_LOG_MIN_ISR", "2"),
            Map.entry("KAFKA_OFFSETS_TOPIC_NUM_PARTITIONS", "6"),
            Map.entry("KAFKA_TRANSACTION_STATE_LOG_NUM_PARTITIONS", "6"),
            Map.entry("KAFKA_AUTO_CREATE_TOPICS_ENABLE", "false"),
            Map.entry("KAFKA_LOG_RETENTION_CHECK_INTERVAL_MS", "1000"),
            Map.entry("KAFKA_TRANSACTION_ABORT_TIMED_OUT_TRANSACTION_CLEANUP_INTERVAL_MS", "1000"),
            Map.entry("KAFKA_BROKER_SESSION_TIMEOUT_MS", "3000"),
            Map.entry("KAFKA_BROKER_HEARTBEAT_INTERVAL_MS", "500"),
            Map.entry("KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS", "0"));

    private final Network outer;
    private final Network inner;
    private final List<Broker> brokers;

    private Brokers(Network outer, Network inner, List<Broker> brokers) {
        this.outer = outer;
        this.inner = inner;
        this.brokers = brokers;
    }

    /** Returns when all of them are up and know each other. */
    static Brokers start() {
        Random random = new Random();
        String subnet = "10.%d.%d.".formatted(128 + random.nextInt(100), random.nextInt(256));
        Network inner = Network.builder()
                .createNetworkCmdModifier(create -> create.withInternal(true)
                        .withIpam(new Ipam().withConfig(new Ipam.Config().withSubnet(subnet + "0/24"))))
                .build();
        // Or a broker that is cut off could still reach the others there.
        Network outer = Network.builder()
                .createNetworkCmdModifier(
                        create -> create.withOptions(Map.of("com.docker.network.bridge.enable_icc", "false")))
                .build();
        String voters = IntStream.rangeClosed(1, COUNT)
                .mapToObj(id -> "%d@%s1%d:%d".formatted(id, subnet, id, Broker.CONTROLLERS))
                .collect(Collectors.joining(","));
        int[] ports = freePorts();
        List<Broker> brokers = IntStream.rangeClosed(1, COUNT)
                .mapToObj(id -> new Broker(id, outer, inner, subnet + "1" + id, ports[id - 1], SETTINGS)
                        .withEnv("KAFKA_CONTROLLER_QUORUM_VOTERS", voters))
                .toList();
        Brokers started = new Brokers(outer, inner, brokers);
        try {
            Startables.deepStart(brokers).join();
            await("three brokers").atMost(LIMIT).ignoreExceptions().until(started::allThere);
            return started;
        } catch (RuntimeException e) {
            started.close();
            throw e;
        }
    }

    private static int[] freePorts() {
        List<ServerSocket> taken = new ArrayList<>();
        try {
            for (int i = 0; i < COUNT; i++) {
                taken.add(new ServerSocket(0));
            }
            int[] ports = taken.stream().mapToInt(ServerSocket::getLocalPort).toArray();
            for (ServerSocket socket : taken) {
                socket.close();
            }
            return ports;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    String bootstrap() {
        return brokers.stream().map(Broker::address).collect(Collectors.joining(","));
    }

    /** The next one in turn. */
    Broker get(int turn) {
        return brokers.get(turn % COUNT);
    }

    /** Returns when the others have gone on without a broker: it is in sync nowhere, and leads nothing. */
    void awaitWithout(Broker gone) {
        await("no partition to count on broker " + gone.id())
                .atMost(LIMIT)
                .ignoreExceptions()
                .until(() -> partitions(
                        gone,
                        p -> p.leader() != null
                                && p.leader().id() != gone.id()
                                && p.isr().stream().noneMatch(n -> n.id() == gone.id())));
    }

    /** Returns when every partition has all its copies in step. */
    void awaitAllInSync() {
        await("all partitions in sync").atMost(LIMIT).ignoreExceptions().until(() -> {
            for (Broker one : brokers) {
                if (!partitions(one, p -> p.isr().size() == COUNT)) {
                    return false;
                }
            }
            return true;
        });
    }

    private boolean allThere() throws Exception {
        try (Admin admin = admin(bootstrap())) {
            return admin.describeCluster().nodes().get().size() == COUNT;
        }
    }

    /** Whether something holds of all partitions, asked of the brokers beside one. */
    private boolean partitions(Broker beside, Predicate<TopicPartitionInfo> holds) throws Exception {
        String others = brokers.stream()
                .filter(b -> !b.equals(beside))
                .map(Broker::address)
                .collect(Collectors.joining(","));
        try (Admin admin = admin(others)) {
            Set<String> topics = admin.listTopics(new ListTopicsOptions().listInternal(true))
                    .names()
                    .get();
            return admin.describeTopics(topics).allTopicNames().get().values().stream()
                    .flatMap(topic -> topic.partitions().stream())
                    .allMatch(holds);
        }
    }

    /** Soon tired: it is asked again by whoever waits. */
    private static Admin admin(String bootstrap) {
        return Admin.create(
                Map.of("bootstrap.servers", bootstrap, "request.timeout.ms", "1500", "default.api.timeout.ms", "4000"));
    }

    /** The last lines that each of them logged. */
    void print() {
        for (Broker broker : brokers) {
            List<String> lines = broker.getLogs().lines().toList();
            lines.subList(Math.max(0, lines.size() - 40), lines.size())
                    .forEach(line -> System.out.printf("broker %d: %s%n", broker.id(), line));
        }
    }

    @Override
    public void close() {
        brokers.forEach(Broker::stop);
        inner.close();
        outer.close();
    }
}
