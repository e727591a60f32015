package io.keepup.bench.audit;

import com.sun.management.OperatingSystemMXBean;
import io.keepup.engine.Policy;
import io.keepup.schemas.codec.ConfluentAvroCodec;
import io.keepup.schemas.codec.RecordCodec;
import io.keepup.schemas.registry.HttpSchemaRegistry;
import io.keepup.streams.audit.Progress;
import io.keepup.streams.audit.cluster.ClusterLog;
import io.keepup.streams.audit.verify.Tally;
import io.keepup.streams.audit.verify.Verification;
import io.keepup.streams.audit.verify.Verifier;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/**
 * Verifies all partitions, as {@code keepup audit --all --verify} does, and prints events, equal outputs, differences and
 * the CPU time it took, ns. Its arguments are the addresses of broker and registry.
 */
final class Auditor {

    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private Auditor() {}

    public static void main(String[] arguments) {
        Map<String, Object> client = Map.of("bootstrap.servers", arguments[0]);
        long events = 0;
        long equal = 0;
        long differences = 0;
        try (Admin admin = Admin.create(client);
                HttpSchemaRegistry registry = new HttpSchemaRegistry(arguments[1], PATIENCE)) {
            RecordCodec codec = new ConfluentAvroCodec(registry);
            for (int partition = 0; partition < ClusterLog.partitions(admin); partition++) {
                try (ClusterLog log = ClusterLog.of(admin, () -> consumer(arguments[0]), partition)) {
                    Verification part = new Verifier(log, codec, Policy.safe()).run(Progress.NONE);
                    events +=
                            part.accounts().stream().mapToLong(a -> a.events()).sum();
                    equal += part.accounts().stream()
                            .flatMap(a -> a.topics().values().stream())
                            .mapToLong(Tally::equal)
                            .sum();
                    differences += part.differences().size() + part.unlisted();
                }
            }
        }
        OperatingSystemMXBean system = ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);
        System.out.printf(Locale.ROOT, "%d %d %d %d%n", events, equal, differences, system.getProcessCpuTime());
    }

    /** Set as the command sets it. */
    private static KafkaConsumer<byte[], byte[]> consumer(String bootstrap) {
        return new KafkaConsumer<>(
                Map.of(
                        "bootstrap.servers",
                        bootstrap,
                        "isolation.level",
                        "read_committed",
                        "enable.auto.commit",
                        false,
                        "auto.offset.reset",
                        "earliest",
                        "max.poll.records",
                        5000,
                        "max.partition.fetch.bytes",
                        8 << 20,
                        "fetch.max.bytes",
                        64 << 20),
                new ByteArrayDeserializer(),
                new ByteArrayDeserializer());
    }
}
