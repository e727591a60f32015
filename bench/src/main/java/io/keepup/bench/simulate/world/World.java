package io.keepup.bench.simulate.world;

import io.keepup.bench.simulate.log.SimulatedLog;
import io.keepup.bench.simulate.plan.Item;
import io.keepup.bench.simulate.plan.Plan;
import io.keepup.bench.simulate.time.Draws;
import io.keepup.bench.simulate.time.Scheduler;
import io.keepup.bench.simulate.time.Wait;
import io.keepup.engine.Policy;
import io.keepup.node.NodeSettings;
import io.keepup.schemas.codec.RecordCodec;
import io.keepup.schemas.topic.TopicSpec;
import io.keepup.schemas.topic.Topics;
import io.keepup.streams.watchdog.WatchdogSettings;
import io.keepup.volume.VolumeSpec;
import io.keepup.volume.VolumeTuning;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Makes what a plan asks for and has it run: limits are small, so that much happens in little time. */
public final class World {

    private static final int BLOCKS = 64;
    /** Three times what a primary takes to say what has not changed. */
    private static final Duration SILENCE = Duration.ofSeconds(3);

    private static final Duration TRICKLE = Duration.ofMillis(300);
    private static final Duration TEND = Duration.ofMillis(250);

    /** What watches a history. */
    public interface Watch {
        SimulatedNode.Observer nodes();

        SimulatedStreams.Observer folds();

        Ledger ledger(VolumeSpec spec);

        void wiped(SimulatedNode node);

        /** A foreign hand deleted from the volume's WAL lane. */
        void laneCut(String volumeId);
    }

    private final Plan plan;
    private final Cluster cluster;
    private final Hand hand;
    private final List<Hand.Case> cases = new ArrayList<>();

    /** @param nodes filled with the nodes */
    public World(Plan plan, Scheduler time, RecordCodec codec, Map<String, SimulatedNode> nodes, Watch watch) {
        this.plan = plan;
        Draws draws = Draws.of(plan.seed(), "world");
        SimulatedLog log = new SimulatedLog(time);
        for (TopicSpec topic : Topics.shared(1)) {
            log.create(topic.name());
        }
        Policy policy = policy();
        VolumeTuning tuning = new VolumeTuning(
                draws.between(4, 24) * plan.blockSize(),
                (int) draws.between(6, 40) * plan.blockSize(),
                VolumeTuning.Background.INLINE);
        SimulatedNode.World shared = new SimulatedNode.World(
                time, log, codec, tuning, settings(draws, plan.blockSize()), plan.seed(), watch.nodes());
        for (int i = 1; i <= plan.nodes(); i++) {
            String id = "n" + i;
            nodes.put(id, new SimulatedNode(shared, id, skew(plan.seed(), id)));
        }
        SimulatedStreams streams = new SimulatedStreams(
                time,
                log,
                codec,
                policy,
                new WatchdogSettings(
                        Duration.ofMillis(250),
                        Duration.ofMillis(draws.between(2_500, 5_000)),
                        Duration.ofSeconds(8),
                        SILENCE),
                plan.seed(),
                watch.folds());
        this.cluster = new Cluster(time, log, codec, policy, streams, nodes);
        for (int i = 1; i <= plan.volumes(); i++) {
            VolumeSpec spec = new VolumeSpec("v" + i, (long) BLOCKS * plan.blockSize(), plan.blockSize());
            Ledger ledger = watch.ledger(spec);
            Master master = new Master(cluster, spec, ledger);
            cases.add(new Hand.Case(
                    master, new Writer(cluster, spec, master, ledger), new Operator(cluster, spec.volumeId())));
        }
        this.hand = new Hand(cluster, cases, watch::wiped, watch::laneCut);
    }

    /** The policy all histories are folded by. */
    public static Policy policy() {
        return Policy.safe();
    }

    /** How far a node's clock is off at first: mostly little, now and then up to two hours [A11]. */
    private static Duration skew(long seed, String nodeId) {
        Draws draws = Draws.of(seed, "clock" + nodeId);
        long most = draws.chance(0.2) ? 7_200_000 : 60;
        return Duration.ofMillis(draws.between(-most, most));
    }

    private static Map<String, String> settings(Draws draws, int blockSize) {
        Map<String, String> settings = new TreeMap<>();
        settings.put(NodeSettings.SYNC_INTERVAL.name(), String.valueOf(draws.between(80, 300)));
        settings.put(NodeSettings.SYNC_DEADLINE.name(), String.valueOf(draws.between(150, 500)));
        settings.put(NodeSettings.SYNC_SLACK.name(), String.valueOf(draws.between(100, 400)));
        settings.put(NodeSettings.SYNC_REPEAT.name(), "1000");
        settings.put(NodeSettings.WAL_BATCH_BYTES.name(), String.valueOf(draws.between(1, 12) * blockSize));
        settings.put(NodeSettings.WAL_RETAIN_BYTES.name(), String.valueOf(draws.between(8, 80) * blockSize));
        settings.put(NodeSettings.BASE_CHUNK_BYTES.name(), String.valueOf(draws.between(4, 20) * blockSize));
        settings.put(NodeSettings.SESSION_STALL.name(), String.valueOf(draws.between(1_000, 3_000)));
        settings.put(NodeSettings.SESSION_BUDGET.name(), "6000");
        settings.put(NodeSettings.SESSION_PROGRESS.name(), "100");
        return settings;
    }

    public Cluster cluster() {
        return cluster;
    }

    /** The volumes' masters. */
    public List<Master> masters() {
        return cases.stream().map(Hand.Case::master).toList();
    }

    public Hand hand() {
        return hand;
    }

    /** Starts everything, does what the plan says, and ends all faults. To be called by the world's main task. */
    public void live() {
        Scheduler time = cluster.time();
        cluster.streams().restart();
        cluster.nodes().values().forEach(SimulatedNode::start);
        time.world().start("supervise", hand::supervise);
        for (Hand.Case each : cases) {
            each.master().bootstrap(Draws.of(plan.seed(), each.master().volumeId()));
            time.world().start("trickle", () -> trickle(each));
            time.world().start("tend", () -> tend(each));
        }
        for (Item item : plan.items()) {
            time.await(Wait.at(item.millis() * 1_000_000));
            hand.act(item);
        }
        time.await(Wait.at(Plan.END_MILLIS * 1_000_000));
        hand.heal();
    }

    /** Whether nobody writes any more. */
    public boolean over() {
        return cluster.time().now() > (Plan.END_MILLIS + 1_000) * 1_000_000;
    }

    /** A write now and then, so that there is always something to follow. */
    private void trickle(Hand.Case each) {
        Draws draws = Draws.of(plan.seed(), "trickle" + each.master().volumeId());
        while (!over()) {
            each.writer().burst(draws, 1);
            cluster.time().sleep(TRICKLE);
        }
    }

    private void tend(Hand.Case each) {
        Draws draws = Draws.of(plan.seed(), "tend" + each.master().volumeId());
        while (true) {
            each.master().settle();
            if (over()) {
                each.master().tend(draws);
            }
            cluster.time().sleep(TEND);
        }
    }

    /** A write, so that there is something to be durable; for volumes that were never written to. */
    public void write(String volumeId) {
        Draws draws = Draws.of(plan.seed(), "last");
        cases.stream().filter(each -> each.master().volumeId().equals(volumeId)).forEach(each -> each.writer()
                .burst(draws, 1));
    }
}
