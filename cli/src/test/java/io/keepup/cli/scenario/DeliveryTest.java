package io.keepup.cli.scenario;

import static io.keepup.cli.scenario.VolumeUnderTest.waitFor;
import static org.assertj.core.api.Assertions.assertThat;

import io.keepup.cli.BlockClient;
import io.keepup.cli.rig.SessionLog;
import io.keepup.cli.rig.Workload;
import io.keepup.cli.scenario.Courier.Parcel;
import io.keepup.node.NodeCounter;
import io.keepup.schemas.codec.UndecodableException;
import io.keepup.schemas.topic.Topics;
import io.keepup.v1.AckKind;
import io.keepup.v1.BaseEnd;
import io.keepup.v1.CancelRequested;
import io.keepup.v1.FailureReason;
import io.keepup.v1.IssueCatchUp;
import io.keepup.v1.IssueRebuild;
import io.keepup.v1.Meta;
import io.keepup.v1.Mode;
import io.keepup.v1.PrimarySilent;
import io.keepup.v1.ProjectionOverwritten;
import io.keepup.v1.RebuildRequested;
import io.keepup.v1.RejectReason;
import io.keepup.v1.Rejected;
import io.keepup.v1.SessionFailed;
import io.keepup.v1.SessionKind;
import io.keepup.v1.SessionState;
import io.keepup.v1.SyncAckReceived;
import io.keepup.v1.VolumeProjection;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What Kafka does to messages, for every type of the catalogue that nodes and fold read. Each time data is right, the mode is
 * never healthier than the truth, every session has one terminal event, and pins are released once; the volume under test
 * itself holds the outputs against the log at the end.
 */
@Timeout(300)
class DeliveryTest {

    @RegisterExtension
    final VolumeUnderTest volume = new VolumeUnderTest(8 << 20).with("node.wal.retain.bytes", "50000000");

    private final String p = volume.node("p");
    private final String r1 = volume.node("r1");
    private final String r2 = volume.node("r2");
    private final String baseLane = Topics.base(volume.id());
    private final String walLane = Topics.wal(volume.id());

    // ------------------------------------------------ twice, swapped, again

    @Test
    void every_type_delivered_twice_then_all_of_it_again_then_all_of_it_after_a_higher_epoch() throws Exception {
        try (Courier courier = new Courier(volume, Courier.TWICE)) {
            story();
            assertThat(courier.handled()).as("types delivered twice").containsExactlyInAnyOrderElementsOf(types());
            assertPinsReleasedOnce();

            courier.handle(Courier.STRAIGHT);
            all_of_it_again(courier);
            all_commands_to_fresh_consumers();
            all_of_it_after_a_higher_epoch(courier);
        }
    }

    @Test
    void every_type_swapped_with_its_neighbour() throws Exception {
        try (Courier courier = new Courier(volume, Courier.swapping(DeliveryTest::patience))) {
            story();
            assertThat(courier.handled()).as("types swapped").containsExactlyInAnyOrderElementsOf(types());
            assertPinsReleasedOnce();
        }
    }

    /** Every type that nodes and fold read: a new one without its part in the story is missed. */
    private static Set<String> types() {
        return Network.detours().stream()
                .map(detour -> Network.meant(detour.name()))
                .flatMap(topic -> typesOf(topic).stream())
                .collect(Collectors.toCollection(TreeSet::new));
    }

    private static Set<String> typesOf(String topic) {
        return Topics.shared().stream()
                .filter(spec -> spec.name().equals(topic))
                .flatMap(spec -> spec.records().stream())
                .map(schema -> schema.getName())
                .collect(Collectors.toCollection(TreeSet::new));
    }

    /** Long enough for a neighbour to come where one is sure to come, else short, so that the story goes on. */
    private static long patience(Parcel parcel, int nth) {
        return switch (parcel.topic()) {
            case Topics.EVENTS ->
                List.of("PrimarySilent", "ProjectionOverwritten").contains(parcel.type()) ? 10_000 : 150;
            case Topics.COMMANDS_SESSION ->
                // only once for each who has a part in it: the neighbour that comes is its end
                parcel.type().equals("IssueCatchUp") && nth <= 2 ? 10_000 : 500;
            case Topics.SYNC_REQUESTS -> nth <= 2 ? 4_000 : 30; // the next question follows when this one timed out
            default -> 50;
        };
    }

    /** All there is to say of a volume is said: by master, nodes, operator and fold. */
    private void story() throws Exception {
        volume.bootstrap(p, r1, r2);
        try (BlockClient client = volume.client(p);
                Workload workload = volume.workload(client)) {
            workload.fillHalf();
            workload.begin();
            volume.awaitHealthy();

            // a catch-up
            volume.stop(r1);
            awaitMissed(r1);
            volume.start(r1);
            awaitDone(r1, SessionKind.catchup);

            // a rebuild
            volume.stop(r2);
            trimPast(client, r2);
            volume.start(r2);
            awaitDone(r2, SessionKind.rebuild);
            volume.awaitHealthy();

            // a rebuild that an operator wishes, and wishes ended
            Network.slow(baseLane, Duration.ofMillis(50));
            volume.putEvent(new RebuildRequested(volume.meta(p, 1), r1, "story"));
            volume.awaitProjection("the wish to be granted", v -> isLive(v, r1, SessionKind.rebuild));
            long wished = volume.replica(r1).getSession().getSessionId();
            volume.putEvent(new CancelRequested(volume.meta(p, 1), r1, wished, "story"));

            // another follows from the facts, and loses its replica
            volume.awaitProjection(
                    "another rebuild under way",
                    v -> isLive(v, r1, SessionKind.rebuild)
                            && session(v, r1) > wished
                            && VolumeUnderTest.replica(v, r1).getSession().getBaseBlocksDone() > 0);
            volume.stop(r1);
            Network.fast(baseLane);
            volume.start(r1);
            volume.awaitWatch("the loss to be said", w -> !failures(FailureReason.transport_lost)
                    .isEmpty());
            awaitDone(r1, SessionKind.rebuild);
            workload.end();
        }
        awaitHealthyAndEqual();

        // a primary that is missed, and heard again
        PrimarySilent missed = new PrimarySilent(
                Meta.newBuilder(volume.meta(p, 1)).setSource("watchdog").build(), lastSyncId(), Instant.now());
        volume.putEvent(missed);
        volume.putEvent(new ProjectionOverwritten(volume.meta(p, 1), 0, -1L));
        volume.awaitWatch(
                "the silence to be heard",
                w -> !volume.seen().values(PrimarySilent.class).isEmpty());
        volume.settle();
        awaitHealthyAndEqual();
    }

    private long lastSyncId() {
        return volume.seen().values(SyncAckReceived.class).stream()
                .mapToLong(SyncAckReceived::getSyncId)
                .max()
                .orElseThrow();
    }

    /** The whole log, as it was carried, once more: it says nothing new, and nothing happens. */
    private void all_of_it_again(Courier courier) {
        VolumeProjection before = volume.projection();
        List<SessionLog.Session> sessions = volume.sessions();
        long pins = volume.counter(p, NodeCounter.PINS_TAKEN);
        long started = started();
        long refused = volume.rejected().size();
        Map<String, Long> executed = executed();

        List<Parcel> again = courier.again(parcel -> true);
        volume.settle();
        awaitExecuted(executed, again);

        assertShows(before);
        assertThat(volume.sessions()).isEqualTo(sessions);
        assertThat(started()).isEqualTo(started);
        assertThat(volume.counter(p, NodeCounter.PINS_TAKEN)).isEqualTo(pins);
        assertThat(volume.rejected().stream().skip(refused))
                .extracting(Rejected::getReason)
                .isSubsetOf(
                        RejectReason.stale_sync,
                        RejectReason.stale_session,
                        RejectReason.stale_wish,
                        RejectReason.undecodable);
        volume.assertEqualCopies(p, r1, r2);
    }

    /** Nodes that forgot how far they had read take every command of their life again. */
    private void all_commands_to_fresh_consumers() throws Exception {
        VolumeProjection before = volume.projection();
        List<SessionLog.Session> sessions = volume.sessions();
        volume.stop(p, r1, r2);
        try (Admin admin = volume.cluster().admin()) {
            admin.deleteConsumerGroups(List.of(p, r1, r2).stream()
                            .map(node -> "keepup-node-" + node)
                            .toList())
                    .all()
                    .get();
        }
        volume.start(p, r1, r2);
        for (String node : List.of(p, r1, r2)) {
            long commands = volume.seen().commandsOf(node);
            waitFor(commands + " commands executed by " + node)
                    .until(() -> volume.counter(node, NodeCounter.COMMANDS_EXECUTED) >= commands);
        }
        volume.awaitHealthyAt(before.getDurableLsn());
        assertThat(volume.sessions()).isEqualTo(sessions);
        assertThat(started()).isZero();
        assertThat(volume.counter(p, NodeCounter.PINS_TAKEN)).isZero();
        assertShows(before);
        volume.assertEqualCopies(p, r1, r2);
    }

    /** Everything of epoch 1 once more under epoch 2: refused by fold and nodes, whatever it is. */
    private void all_of_it_after_a_higher_epoch(Courier courier) {
        volume.assign(2, p, r1, r2);
        volume.awaitProjection(
                "health in epoch 2", v -> v.getMeta().getEpoch() == 2 && v.getMode() == Mode.publish_healthy);
        VolumeProjection before = volume.projection();
        List<SessionLog.Session> sessions = volume.sessions();
        Map<String, Long> executed = executed();
        Map<String, Long> stale = new HashMap<>();
        List.of(p, r1, r2).forEach(node -> stale.put(node, volume.counter(node, NodeCounter.STALE_EPOCH)));
        int refused = volume.rejected().size();

        List<Parcel> again = courier.again(parcel -> parcel.value() != null && epoch(parcel) == 1);
        volume.settle();
        awaitExecuted(executed, again);

        List<Rejected> late = new ArrayList<>(
                volume.rejected().subList(refused, volume.rejected().size()));
        late.removeIf(r -> r.getReason() == RejectReason.undecodable); // the marker
        assertThat(late).extracting(Rejected::getReason).containsOnly(RejectReason.stale_epoch);
        assertThat(late.stream().map(this::typeOf).collect(Collectors.toSet()))
                .as("events refused")
                .isEqualTo(typesOf(Topics.EVENTS));
        for (String node : List.of(p, r1, r2)) {
            assertThat(volume.counter(node, NodeCounter.STALE_EPOCH) - stale.get(node))
                    .as("commands and questions refused by " + node)
                    .isGreaterThanOrEqualTo(commandsTo(node, again));
        }
        assertShows(before);
        assertThat(volume.sessions()).isEqualTo(sessions);
        volume.assertEqualCopies(p, r1, r2);
    }

    private String typeOf(Rejected rejected) {
        ByteBuffer value = rejected.getValue().duplicate();
        byte[] bytes = new byte[value.remaining()];
        value.get(bytes);
        try {
            return volume.cluster().codec().decode(bytes).getSchema().getName();
        } catch (UndecodableException e) {
            throw new AssertionError(e);
        }
    }

    private static long epoch(Parcel parcel) {
        SpecificRecord value = parcel.value();
        return ((Meta) value.get(value.getSchema().getField("meta").pos())).getEpoch();
    }

    private static boolean isCommand(Parcel parcel) {
        return parcel.topic().equals(Topics.COMMANDS_NODE) || parcel.topic().equals(Topics.COMMANDS_SESSION);
    }

    private static long commandsTo(String node, List<Parcel> parcels) {
        return parcels.stream()
                .filter(parcel -> isCommand(parcel) && parcel.key().equals(node))
                .count();
    }

    private Map<String, Long> executed() {
        Map<String, Long> executed = new HashMap<>();
        List.of(p, r1, r2).forEach(node -> executed.put(node, volume.counter(node, NodeCounter.COMMANDS_EXECUTED)));
        return executed;
    }

    private void awaitExecuted(Map<String, Long> before, List<Parcel> again) {
        before.forEach((node, count) -> waitFor("all commands executed by " + node)
                .until(() -> volume.counter(node, NodeCounter.COMMANDS_EXECUTED) == count + commandsTo(node, again)));
    }

    private long started() {
        return volume.counter(r1, NodeCounter.SESSIONS_STARTED) + volume.counter(r2, NodeCounter.SESSIONS_STARTED);
    }

    private void assertShows(VolumeProjection before) {
        VolumeProjection now = volume.projection();
        assertThat(now.getMode()).isEqualTo(before.getMode());
        assertThat(now.getDurableLsn()).isEqualTo(before.getDurableLsn());
        assertThat(now.getMeta().getEpoch()).isEqualTo(before.getMeta().getEpoch());
        for (String replica : List.of(r1, r2)) {
            assertThat(VolumeUnderTest.replica(now, replica).getSession())
                    .isEqualTo(VolumeUnderTest.replica(before, replica).getSession());
        }
    }

    // ------------------------------------------------------ control and data

    @Test
    void control_before_data() {
        two_positions();
        try (Courier courier = new Courier(volume, Courier.STRAIGHT)) {
            // when both replicas are told to recover before there is anything to recover from
            courier.hold(
                    parcel -> parcel.type().startsWith("Issue") && parcel.key().equals(p));
            Network.hold(r1, walLane);
            Network.hold(r2, walLane);
            volume.start(r1, r2);
            waitFor("both at their sessions")
                    .until(() -> volume.status(r1).sessionActive()
                            && volume.status(r2).sessionActive());
            assertThat(volume.status(p).pins()).isEmpty();
            assertThat(volume.projection().getHealthy()).isFalse();

            // then they wait, and get there when the data comes
            courier.release();
            waitFor("both pinned").until(() -> volume.status(p).pins().size() == 2);
            Network.bring(r1, walLane);
            Network.bring(r2, walLane);
            volume.awaitCompleted(r1, SessionKind.catchup, 0);
            volume.awaitCompleted(r2, SessionKind.rebuild, 0);
            awaitHealthyAndEqual();
            assertPinsReleasedOnce();
        }
    }

    @Test
    void data_before_control() {
        two_positions();
        try (Courier courier = new Courier(volume, Courier.STRAIGHT)) {
            // when all data is there before the replicas hear what to do with it
            courier.hold(
                    parcel -> parcel.type().startsWith("Issue") && !parcel.key().equals(p));
            volume.start(r1, r2);
            waitFor("both commands on their way").until(() -> courier.held().size() == 2);
            waitFor("the whole base sent").until(this::baseEnds);
            assertThat(volume.status(r1).sessionActive()).isFalse();
            assertThat(volume.status(r2).sessionActive()).isFalse();
            assertThat(volume.projection().getHealthy()).isFalse();

            // then it waits for them
            courier.release();
            volume.awaitCompleted(r1, SessionKind.catchup, 0);
            volume.awaitCompleted(r2, SessionKind.rebuild, 0);
            awaitHealthyAndEqual();
            assertPinsReleasedOnce();
        }
    }

    private boolean baseEnds() {
        return volume.onLane(baseLane).stream().anyMatch(BaseEnd.class::isInstance);
    }

    // ------------------------------------------------------- lost and late

    @ParameterizedTest(name = "start lost on its way to the {0}")
    @ValueSource(strings = {"replica", "primary"})
    void start_lost(String who) {
        two_positions();
        boolean toPrimary = who.equals("primary");
        try (Courier courier = new Courier(volume, Courier.STRAIGHT)) {
            // when the start of a rebuild gets lost on its way to one of the two, and that of a catch-up
            courier.lose(parcel -> switch (parcel.value()) {
                case IssueRebuild c -> c.getSessionId() <= 2 && parcel.key().equals(p) == toPrimary;
                case IssueCatchUp c -> c.getSessionId() <= 2 && !parcel.key().equals(p) && !toPrimary;
                case null -> false;
                default -> false;
            });
            volume.start(r1, r2);
            volume.awaitWatch("both sessions", w -> w.sessions().size() == 2);

            // then the session does not go on for ever
            volume.awaitWatch("the rebuild to be given up", w -> ended(r2, 0, "progress_stalled"));
            if (toPrimary) {
                volume.awaitCompleted(r1, SessionKind.catchup, 0);
            } else {
                volume.awaitWatch("the catch-up to be given up", w -> ended(r1, 0, "progress_stalled"));
                volume.awaitCompleted(r1, SessionKind.catchup, 1);
            }
            volume.awaitCompleted(r2, SessionKind.rebuild, 1);
            awaitHealthyAndEqual();
            assertPinsReleasedOnce();
        }
    }

    @ParameterizedTest(name = "completion {0}")
    @ValueSource(strings = {"lost", "late"})
    void completion(String fate) {
        two_positions();
        boolean late = fate.equals("late");
        try (Courier courier = new Courier(volume, Courier.STRAIGHT)) {
            // when the word that a session is complete does not arrive
            Predicate<Parcel> completions = parcel -> parcel.type().equals("SessionCompleted");
            if (late) {
                courier.hold(completions);
            } else {
                courier.lose(completions);
            }
            volume.start(r1, r2);
            waitFor("both to be done")
                    .until(() -> volume.counter(r1, NodeCounter.SESSIONS_COMPLETED) == 1
                            && volume.counter(r2, NodeCounter.SESSIONS_COMPLETED) == 1);

            // then nobody takes it for granted, and the watchdog ends both
            volume.awaitWatch(
                    "both to be given up", w -> ended(r1, 0, "progress_stalled") && ended(r2, 0, "progress_stalled"));
            assertThat(failures(FailureReason.progress_stalled))
                    .extracting(e -> e.getMeta().getSource())
                    .containsOnly("watchdog");
            courier.release();

            // and one is found in sync by its facts; of the other only a rebuild that was heard of proves anything [P3]
            volume.awaitCompleted(r2, SessionKind.rebuild, 1);
            awaitHealthyAndEqual();
            assertThat(volume.sessions(r1)).hasSize(1);
            assertThat(volume.rejected().stream().filter(r -> r.getReason() == RejectReason.stale_session))
                    .hasSize(late ? 2 : 0);
            assertPinsReleasedOnce();
        }
    }

    private boolean ended(String replica, int nth, String outcome) {
        List<SessionLog.Session> sessions = volume.sessions(replica);
        return sessions.size() > nth && outcome.equals(sessions.get(nth).outcome());
    }

    // ------------------------------------------------------------ retention

    @Test
    void WAL_records_deleted_by_retention_in_mid_session() throws Exception {
        // given a catch-up and a rebuild that still need the WAL
        two_positions();
        Network.hold(r1, walLane);
        Network.hold(r2, walLane);
        Network.slow(baseLane, Duration.ofMillis(20));
        volume.start(r1);
        waitFor("a catch-up").until(() -> volume.status(r1).sessionActive());
        volume.start(r2);
        volume.awaitRunning(r2, SessionKind.rebuild, 0);
        volume.burst(p, 20);
        long head = volume.status(p).durableLsn();
        waitFor("all of it shipped").until(() -> volume.status(p).shippedLsn() == head);

        // when somebody else deletes it
        TopicPartition lane = new TopicPartition(walLane, 0);
        try (Admin admin = volume.cluster().admin()) {
            admin.deleteRecords(Map.of(lane, RecordsToDelete.beforeOffset(-1)))
                    .all()
                    .get();
        }
        Network.bring(r1, walLane);
        Network.bring(r2, walLane);

        // then both sessions end with the reason, once there is something after the gap, and both replicas are rebuilt
        volume.burst(p, 20);
        volume.awaitWatch("both to fail", w -> ended(r1, 0, "pin_lost") && ended(r2, 0, "pin_lost"));
        Network.fast(baseLane);
        awaitDone(r1, SessionKind.rebuild);
        awaitDone(r2, SessionKind.rebuild);
        awaitHealthyAndEqual();
        assertPinsReleasedOnce();
    }

    // --------------------------------------------------------------- the rest

    /** A healthy volume; then one replica misses WAL that is still there, and one is below the tail. */
    private void two_positions() {
        volume.bootstrap(p, r1, r2);
        volume.awaitHealthyAt(volume.fillHalf(p));
        volume.stop(r2);
        long trimmed = volume.burst(p, 30);
        volume.awaitDurable(r1, trimmed);
        volume.stop(r1);
        assertThat(volume.trimAll(p)).isEqualTo(trimmed + 1);
        volume.burst(p, 30);
        assertThat(volume.sessions()).isEmpty();
    }

    private void awaitHealthyAndEqual() {
        volume.awaitHealthyAt(volume.status(p).durableLsn());
        volume.assertEqualCopies(p, r1, r2);
    }

    private void assertPinsReleasedOnce() {
        waitFor("no pin").until(() -> volume.status(p).pins().isEmpty());
        assertThat(volume.counter(p, NodeCounter.PINS_TAKEN)).isPositive();
        assertThat(volume.counter(p, NodeCounter.PINS_RELEASED)).isEqualTo(volume.counter(p, NodeCounter.PINS_TAKEN));
    }

    private List<SessionFailed> failures(FailureReason reason) {
        return volume.seen().values(SessionFailed.class, e -> e.getReason() == reason);
    }

    /** The newest session of the replica is over, well, and was of this kind. */
    private void awaitDone(String replica, SessionKind kind) {
        volume.awaitWatch(kind + " of " + replica, w -> {
            List<SessionLog.Session> sessions = volume.sessions(replica);
            return !sessions.isEmpty()
                    && sessions.get(sessions.size() - 1).kind() == kind
                    && sessions.get(sessions.size() - 1).completed();
        });
    }

    private void awaitMissed(String replica) {
        volume.awaitProjection(
                replica + " to be missed",
                v -> VolumeUnderTest.replica(v, replica).getLastSyncAck() != null
                        && VolumeUnderTest.replica(v, replica).getLastSyncAck().getAckKind() == AckKind.timed_out);
    }

    private void trimPast(BlockClient client, String replica) {
        long last = volume.replica(replica).getLastSyncAck().getAppliedLsn();
        waitFor("a tail past " + replica)
                .until(() -> client.trimWal(Long.MAX_VALUE).path("walTail").asLong() > last + 50);
    }

    private static boolean isLive(VolumeProjection projection, String replica, SessionKind kind) {
        SessionState state =
                VolumeUnderTest.replica(projection, replica).getSession().getState();
        return (state == SessionState.issued || state == SessionState.running)
                && VolumeUnderTest.replica(projection, replica).getSession().getKind() == kind;
    }

    private static long session(VolumeProjection projection, String replica) {
        return VolumeUnderTest.replica(projection, replica).getSession().getSessionId();
    }
}
