package io.keepup.cli;

import io.keepup.schemas.codec.RecordCodec;
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
        RecordCodec codec = cluster.codec();
        try (TopicReader reader = new TopicReader(cluster.consumer());
                ForeignRecords foreign = new ForeignRecords(codec, System.err)) {
            TopicPartition events = reader.partitionOf(Topics.EVENTS, volumeId);
            TopicPartition rejected = reader.partitionOf(Topics.REJECTED, volumeId); // a refused record keeps its key
            EventLines lines = new EventLines(volumeId, codec, foreign, json);
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
}
