package io.keepup.node.command;

import io.keepup.node.event.NodeClosingException;
import io.keepup.node.event.PublishException;
import io.keepup.node.event.RoleRefusedException;
import io.keepup.schemas.registry.RegistryException;
import io.keepup.schemas.topic.TopicException;
import io.keepup.service.failure.Backoff;
import io.keepup.v1.ApplyRole;
import io.keepup.v1.Meta;
import io.keepup.volume.VolumeException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Queue;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;

/**
 * Commands that were read and are not executed yet, one line per volume: commands of a volume keep their order, and one
 * that has to wait for its disk, the broker or the registry holds up its own volume only. It waits as long as it takes, or
 * until a later role of the volume makes it obsolete; what can never succeed is dropped at once. Used by one thread.
 */
final class PendingCommands {

    /** After the first failure. */
    private static final Duration RETRY = Duration.ofMillis(500);

    private record Pending(TopicPartition partition, long offset, SpecificRecord command) {}

    private static final class Line {
        final Queue<Pending> commands = new ArrayDeque<>();
        long notBefore;
        final Backoff backoff = new Backoff(RETRY);
        /** The first command was tried before, and waits. */
        boolean waits;

        /** Whether a role waits behind a command, the first in this line, that makes it obsolete. */
        boolean overtakes(SpecificRecord first) {
            boolean isRole = first instanceof ApplyRole;
            long epoch = epoch(first);
            return commands.stream()
                    .skip(1)
                    .filter(p -> p.command instanceof ApplyRole)
                    .anyMatch(p -> epoch(p.command) > epoch || isRole && epoch(p.command) == epoch);
        }

        private static long epoch(SpecificRecord command) {
            return ((Meta) command.get(command.getSchema().getField("meta").pos())).getEpoch();
        }
    }

    /** Told of every failure; {@code again} when the command is kept. */
    interface Failed {
        void failed(TopicPartition partition, long offset, SpecificRecord command, RuntimeException why, boolean again);
    }

    private final Map<String, Line> lines = new LinkedHashMap<>();
    private final Failed failed;

    PendingCommands(Failed failed) {
        this.failed = failed;
    }

    void add(String volumeId, TopicPartition partition, long offset, SpecificRecord command) {
        lines.computeIfAbsent(volumeId, id -> new Line()).commands.add(new Pending(partition, offset, command));
    }

    boolean isEmpty() {
        return lines.isEmpty();
    }

    /**
     * Executes what is due.
     *
     * @param now uptime, ms
     * @param stop asked before each command
     * @throws NodeClosingException from the executor; that command stays pending
     */
    void execute(long now, BooleanSupplier stop, Consumer<SpecificRecord> executor) {
        Iterator<Line> each = lines.values().iterator();
        while (each.hasNext()) {
            Line line = each.next();
            if (now >= line.notBefore) {
                execute(line, now, stop, executor);
            }
            if (line.commands.isEmpty()) {
                each.remove();
            }
        }
    }

    private void execute(Line line, long now, BooleanSupplier stop, Consumer<SpecificRecord> executor) {
        for (Pending next = line.commands.peek(); next != null && !stop.getAsBoolean(); next = line.commands.peek()) {
            try {
                if (!line.waits || !line.overtakes(next.command)) {
                    executor.accept(next.command);
                }
            } catch (NodeClosingException e) {
                throw e;
            } catch (RuntimeException e) {
                boolean again = mayPass(e) && !line.overtakes(next.command);
                failed.failed(next.partition, next.offset, next.command, e, again);
                if (again) {
                    line.waits = true;
                    line.notBefore = now + line.backoff.failed().toMillis();
                    return;
                }
            }
            line.waits = false;
            line.backoff.succeeded();
            line.commands.remove();
        }
    }

    /** Whether the same command may succeed later; for anything else it would be poison, whenever it is tried. */
    private static boolean mayPass(RuntimeException failure) {
        return switch (failure) {
            case UncheckedIOException disk -> true;
            case RegistryException registry -> true;
            case TopicException topics -> true;
            case PublishException broker -> true;
            case KafkaException broker -> true;
            case RoleRefusedException refused -> refused.mayPass();
            case VolumeException volume ->
                switch (volume.kind()) {
                    case DISK_FULL, IO_ERROR, NO_FILE_HANDLES, NOT_WRITABLE, READ_ONLY, LOCKED -> true;
                    default -> false;
                };
            default -> false;
        };
    }

    /** Per partition the offset of the oldest command that waits: what may be committed at most. */
    Map<TopicPartition, Long> oldest() {
        Map<TopicPartition, Long> oldest = new HashMap<>();
        for (Line line : lines.values()) {
            line.commands.forEach(c -> oldest.merge(c.partition, c.offset, Math::min));
        }
        return oldest;
    }
}
