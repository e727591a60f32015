package io.keepup.cli;

import io.keepup.schemas.registry.HttpSchemaRegistry;
import io.keepup.schemas.registry.SchemaRegistration;
import io.keepup.schemas.topic.TopicAdmin;
import io.keepup.schemas.topic.TopicSpec;
import io.keepup.schemas.topic.Topics;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import org.apache.kafka.clients.admin.Admin;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code keepup topics create|check|list}. */
@Command(
        name = "topics",
        description = "Create, check or list the topics and their schemas.",
        mixinStandardHelpOptions = true,
        subcommands = {TopicsCommand.Create.class, TopicsCommand.Check.class, TopicsCommand.Catalogue.class})
final class TopicsCommand implements Runnable {

    private static final Duration PATIENCE = Duration.ofSeconds(30);

    @Spec
    private CommandSpec spec;

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "say which: create, check or list");
    }

    /** Creates what is missing; changes nothing that exists. */
    @Command(
            name = "create",
            description = "Create missing topics, register their schemas.",
            mixinStandardHelpOptions = true)
    static final class Create implements Runnable {
        @Mixin
        private ClusterOptions cluster;

        @Option(
                names = "--partitions",
                defaultValue = "" + Topics.DEFAULT_PARTITIONS,
                description = "Partitions of the shared topics (default: ${DEFAULT-VALUE}).")
        private int partitions;

        @Option(
                names = "--replication-factor",
                defaultValue = "-1",
                description = "Copies of each partition (default: the broker's).")
        private short replicationFactor;

        @Override
        public void run() {
            List<TopicSpec> topics = Topics.shared(partitions);
            try (Admin admin = cluster.admin();
                    HttpSchemaRegistry registry = cluster.registryClient()) {
                List<String> created = new TopicAdmin(admin, PATIENCE).ensure(topics, replicationFactor);
                topics.forEach(t -> System.out.printf(
                        Locale.ROOT, "%-8s %s%n", created.contains(t.name()) ? "created" : "exists", t.name()));
                System.out.printf(
                        Locale.ROOT, "%d schemas registered%n", SchemaRegistration.registerAll(registry, topics));
            }
        }
    }

    /** Compares the cluster with the catalogue. */
    @Command(
            name = "check",
            description = "Compare the cluster's topics with the catalogue.",
            mixinStandardHelpOptions = true)
    static final class Check implements Runnable {
        @Mixin
        private ClusterOptions cluster;

        @Override
        public void run() {
            try (Admin admin = cluster.admin()) {
                List<String> differences = new TopicAdmin(admin, PATIENCE).check(Topics.shared());
                differences.forEach(System.out::println);
                if (!differences.isEmpty()) {
                    throw new Failure(
                            "%s of the topics' settings are not as they should be".formatted(differences.size()));
                }
                System.out.printf(
                        Locale.ROOT,
                        "all %d topics are as they should be%n",
                        Topics.shared().size());
            }
        }
    }

    /** Prints the catalogue; asks no cluster. */
    @Command(name = "list", description = "Print the catalogue of topics.", mixinStandardHelpOptions = true)
    static final class Catalogue implements Runnable {
        @Override
        public void run() {
            String row = "%-26s %-38s %4s  %-8s %s%n";
            System.out.printf(Locale.ROOT, row, "TOPIC", "KEY", "PART", "POLICY", "KEPT");
            Topics.shared().forEach(t -> print(row, t, t.retention()));
            Topics.lanes("<volume>").forEach(t -> print(row, t, "until not needed"));
        }

        private static void print(String row, TopicSpec topic, String kept) {
            System.out.printf(
                    Locale.ROOT,
                    row,
                    topic.name(),
                    topic.key().words(),
                    topic.partitions(),
                    topic.cleanup().policy(),
                    kept);
        }
    }
}
