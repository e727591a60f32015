package io.keepup.cli.scenario;

import static org.assertj.core.api.Assertions.assertThat;

import io.keepup.cli.rig.Watch;
import io.keepup.schemas.codec.CloudEventHeaders;
import io.keepup.schemas.topic.Topics;
import io.keepup.v1.AckKind;
import io.keepup.v1.CancelRequested;
import io.keepup.v1.Mode;
import io.keepup.v1.Rejected;
import io.keepup.v1.ReplicaView;
import io.keepup.v1.SessionCompleted;
import io.keepup.v1.SessionFailed;
import io.keepup.v1.SessionKind;
import io.keepup.v1.VolumeProjection;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/** Every record of one volume that the watch has seen, in the order in which it came; order holds within a topic. */
final class Seen implements Watch.Listener {

    /** One record and what it says. */
    record Entry(ConsumerRecord<byte[], byte[]> record, SpecificRecord value) {

        /** Offset on the events topic of what caused this output of the fold. */
        long causeOffset() {
            return Long.parseLong(new String(
                    record.headers().lastHeader(CloudEventHeaders.CAUSE_OFFSET).value(), StandardCharsets.UTF_8));
        }
    }

    private final List<Entry> entries = new CopyOnWriteArrayList<>();
    private final List<SpecificRecord> lost = new CopyOnWriteArrayList<>();

    @Override
    public void seen(ConsumerRecord<byte[], byte[]> record, SpecificRecord value) {
        entries.add(new Entry(record, value));
    }

    /** A record that was put on a topic, and lost by the test before anybody saw it. */
    void lost(SpecificRecord value) {
        lost.add(value);
    }

    List<SpecificRecord> lost() {
        return List.copyOf(lost);
    }

    /** Forgets what was put out, to see what is put out from now on. */
    void forgetOutputs() {
        entries.removeIf(e -> !e.record.topic().equals(Topics.EVENTS));
    }

    /** Records of one type for which a condition holds. */
    <T extends SpecificRecord> List<Entry> all(Class<T> type, Predicate<T> condition) {
        return entries.stream()
                .filter(e -> type.isInstance(e.value) && condition.test(type.cast(e.value)))
                .toList();
    }

    /** What records of one type say. */
    <T extends SpecificRecord> List<T> values(Class<T> type, Predicate<T> condition) {
        return all(type, condition).stream().map(e -> type.cast(e.value)).toList();
    }

    <T extends SpecificRecord> List<T> values(Class<T> type) {
        return values(type, value -> true);
    }

    /** The event at an offset of the events topic. */
    SpecificRecord event(long offset) {
        return entries.stream()
                .filter(e -> e.record.topic().equals(Topics.EVENTS) && e.record.offset() == offset)
                .findFirst()
                .orElseThrow(() -> new AssertionError("nothing of the volume was seen at offset " + offset))
                .value;
    }

    /** Every record of one topic. */
    List<Entry> on(String topic) {
        return entries.stream().filter(e -> e.record.topic().equals(topic)).toList();
    }

    /** How many commands came for a node, however often the same. */
    long commandsOf(String nodeId) {
        return entries.stream()
                .filter(e -> e.record.topic().equals(Topics.COMMANDS_NODE)
                        || e.record.topic().equals(Topics.COMMANDS_SESSION))
                .filter(e -> nodeId.equals(new String(e.record.key(), StandardCharsets.UTF_8)))
                .count();
    }

    /** Every projection so far. */
    List<VolumeProjection> projections() {
        return values(VolumeProjection.class);
    }

    /** Mode and reason of every projection so far, repetitions left out. */
    List<String> story() {
        List<String> story = new ArrayList<>();
        for (VolumeProjection p : projections()) {
            String line = p.getMode() + "/" + p.getReason();
            if (story.isEmpty() || !story.get(story.size() - 1).equals(line)) {
                story.add(line);
            }
        }
        return story;
    }

    /** [invariant 6] Every projection called healthy shows all replicas heard and in keep-up, and something proven. */
    void assertNeverHealthierThanTheTruth() {
        for (VolumeProjection p : projections()) {
            assertThat(p.getHealthy()).isEqualTo(p.getMode() == Mode.publish_healthy);
            if (p.getHealthy()) {
                assertThat(p.getDurableLsn()).as("what is proven in " + p).isPositive();
                assertThat(p.getReplicas()).as("replicas of " + p).isNotEmpty().allMatch(Seen::isInSync);
            }
        }
    }

    /** [invariant 2] No session has two terminal events that were admitted. */
    void assertOneEndEach() {
        Set<Long> refused = values(Rejected.class).stream()
                .filter(r -> r.getTopic().equals(Topics.EVENTS))
                .map(Rejected::getOffset)
                .collect(Collectors.toSet());
        Map<Long, List<SpecificRecord>> ends = entries.stream()
                .filter(e -> e.record.topic().equals(Topics.EVENTS) && !refused.contains(e.record.offset()))
                .filter(e -> e.value != null && endedBy(e.value) > 0)
                .map(Entry::value)
                .collect(Collectors.groupingBy(Seen::endedBy));
        assertThat(ends)
                .allSatisfy((session, events) ->
                        assertThat(events).as("ends of session " + session).hasSize(1));
    }

    /** No command or projection lies on its topic twice; only where nothing on the way delivers twice. */
    void assertEachOutputOnce() {
        assertThat(on(Topics.COMMANDS_NODE)).extracting(Seen::id).doesNotHaveDuplicates();
        assertThat(on(Topics.COMMANDS_SESSION)).extracting(Seen::id).doesNotHaveDuplicates();
        assertThat(on(Topics.PROJECTIONS)).extracting(Seen::id).doesNotHaveDuplicates();
    }

    private static String id(Entry entry) {
        return new String(
                entry.record.headers().lastHeader(CloudEventHeaders.ID).value(), StandardCharsets.UTF_8);
    }

    /** Id of the session that an event ends; 0 for every other event. */
    private static long endedBy(SpecificRecord event) {
        return switch (event) {
            case SessionCompleted e -> e.getSessionId();
            case SessionFailed e -> e.getSessionId();
            case CancelRequested e -> e.getSessionId();
            default -> 0;
        };
    }

    private static boolean isInSync(ReplicaView replica) {
        return replica.getSession().getKind() == SessionKind.keepup
                && replica.getLastSyncAck() != null
                && replica.getLastSyncAck().getAckKind() == AckKind.quorum
                && !replica.getLastSyncAck().getSessionActive();
    }

    void print() {
        for (Entry e : entries) {
            System.out.println(e.record.topic() + "/" + e.record.partition() + "/" + e.record.offset() + " " + e.value);
        }
    }
}
