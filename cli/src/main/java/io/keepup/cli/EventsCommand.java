package io.keepup.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.keepup.schemas.codec.RecordCodec;
import io.keepup.schemas.codec.RecordJson;
import io.keepup.schemas.codec.UndecodableException;
import io.keepup.schemas.topic.KeyPartitions;
import io.keepup.schemas.topic.Names;
import io.keepup.schemas.topic.Topics;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.Arrays;
import java.util.List;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.consumer.ConsumerRecord;
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

    private static final DateTimeFormatter TIME =
            DateTimeFormatter.ofPattern("HH:mm:ss.SSS").withZone(ZoneId.systemDefault());

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
        byte[] key = volumeId.getBytes(StandardCharsets.UTF_8);
        try (TopicReader reader = new TopicReader(cluster.consumer())) {
            int partitions = reader.partitions(Topics.EVENTS).size();
            TopicPartition own = new TopicPartition(Topics.EVENTS, KeyPartitions.partitionFor(volumeId, partitions));
            java.util.function.Consumer<ConsumerRecord<byte[], byte[]>> print = record -> {
                if (Arrays.equals(record.key(), key)) {
                    System.out.println(line(record, codec));
                }
            };
            if (follow) {
                reader.follow(List.of(own), () -> !System.out.checkError(), print);
            } else {
                reader.readToEnd(List.of(own), print);
            }
        }
    }

    private String line(ConsumerRecord<byte[], byte[]> record, RecordCodec codec) {
        String type;
        String text;
        ObjectNode tree = null;
        try {
            SpecificRecord event = record.value() == null ? null : codec.decode(record.value());
            type = event == null ? "(null value)" : event.getSchema().getName();
            text = event == null ? "" : EventText.of(event);
            tree = event == null ? null : RecordJson.of(event);
        } catch (UndecodableException e) {
            type = "(undecodable)";
            text = e.getMessage();
        }
        if (json) {
            ObjectNode line = com.fasterxml.jackson.databind.node.JsonNodeFactory.instance.objectNode();
            line.put("partition", record.partition())
                    .put("offset", record.offset())
                    .put("type", type);
            line.set("event", tree);
            return line.toString();
        }
        return "%s %6d %-19s %s"
                .formatted(TIME.format(Instant.ofEpochMilli(record.timestamp())), record.offset(), type, text)
                .stripTrailing();
    }
}
