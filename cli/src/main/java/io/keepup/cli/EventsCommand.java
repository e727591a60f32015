package io.keepup.cli;

import io.keepup.schemas.topic.KeyPartitions;
import io.keepup.schemas.topic.Names;
import io.keepup.schemas.topic.Topics;
import java.util.List;
import org.apache.kafka.common.TopicPartition;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code keepup events VOLUME}: the volume's events as they stand on the log. */
@Command(
        name = "events",
        description = "Print the events of a volume, in the order they are folded.",
        mixinStandardHelpOptions = true)
final class EventsCommand implements Runnable {

    @Spec
    private CommandSpec spec;

    @Mixin
    private ClusterOptions cluster;

    @Parameters(paramLabel = "VOLUME", description = "Volume id.")
    private String volumeId;

    @Option(names = "--follow", description = "Go on with the events to come, until interrupted.")
    private boolean follow;

    @Option(names = "--json", description = "Print one JSON object a line.")
    private boolean json;

    @Override
    public void run() {
        if (!Names.valid(volumeId)) {
            throw new ParameterException(
                    spec.commandLine(), "'%s' is not a volume id: use %s".formatted(volumeId, Names.RULE_IN_WORDS));
        }
        cluster.requireBroker();
        try (TopicReader reader = new TopicReader(cluster.consumer())) {
            TopicPartition events = own(reader, Topics.EVENTS);
            TopicPartition rejected = own(reader, Topics.REJECTED);
            EventLines lines = new EventLines(volumeId, cluster.codec(), json);
            if (follow) {
                reader.follow(List.of(events, rejected), () -> !System.out.checkError(), record -> (record.topic()
                                        .equals(Topics.REJECTED)
                                ? lines.rejection(record)
                                : lines.event(record))
                        .ifPresent(System.out::println));
            } else {
                reader.readToEnd(List.of(rejected), lines::remember);
                reader.readToEnd(List.of(events), record -> lines.event(record).ifPresent(System.out::println));
            }
        }
    }

    /** The partition that holds what concerns the volume; a refused record keeps its key. */
    private TopicPartition own(TopicReader reader, String topic) {
        int partitions = reader.partitions(topic).size();
        return new TopicPartition(topic, KeyPartitions.partitionFor(volumeId, partitions));
    }
}
