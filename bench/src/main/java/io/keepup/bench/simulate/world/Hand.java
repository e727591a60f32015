package io.keepup.bench.simulate.world;

import io.keepup.bench.simulate.log.Draft;
import io.keepup.bench.simulate.log.SimulatedClients;
import io.keepup.bench.simulate.log.SimulatedLog;
import io.keepup.bench.simulate.log.Stored;
import io.keepup.bench.simulate.plan.Deed;
import io.keepup.bench.simulate.plan.Item;
import io.keepup.bench.simulate.time.Draws;
import io.keepup.schemas.codec.CloudEventHeaders;
import io.keepup.schemas.topic.Topics;
import io.keepup.volume.VolumeException;
import io.keepup.volume.disk.SimulatedDisk.Unsynced;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeaders;

/** Does what the plan says, and brings back to life what it killed. */
public final class Hand {

    private static final long MS = 1_000_000;
    private static final long SUPERVISE_MS = 20;
    private static final long HOUR_MS = 3_600_000;

    /** A volume and those who deal with it. */
    record Case(Master master, Writer writer, Operator operator) {}

    private final Cluster cluster;
    private final List<Case> cases;
    private final Consumer<SimulatedNode> wiped;
    private final Consumer<String> laneCut;
    private final Map<Deed, Integer> done = new EnumMap<>(Deed.class);
    private final Map<String, Long> startAt = new TreeMap<>();
    private final Map<String, Draws> cuts = new TreeMap<>();
    private final Set<String> rewound = new TreeSet<>();
    private final Set<String> lostDisks = new TreeSet<>();

    /**
     * @param wiped told of a node whose disk is lost
     * @param laneCut told of a volume whose lane was cut
     */
    Hand(Cluster cluster, List<Case> cases, Consumer<SimulatedNode> wiped, Consumer<String> laneCut) {
        this.cluster = cluster;
        this.cases = cases;
        this.wiped = wiped;
        this.laneCut = laneCut;
    }

    /** How often each deed was done. */
    public Map<Deed, Integer> done() {
        return done;
    }

    /** Does one item; what takes time goes on by itself. */
    void act(Item item) {
        Draws draws = new Draws(item.salt());
        Case target = cases.get(draws.below(cases.size()));
        SimulatedNode node = node(target, draws);
        if (act(item.deed(), target, node, draws)) {
            done.merge(item.deed(), 1, Integer::sum);
        }
    }

    /** Mostly whoever matters: the primary, or a replica. */
    private SimulatedNode node(Case target, Draws draws) {
        SimulatedNode primary = cluster.nodes().get(target.master.primary());
        if (primary != null && draws.chance(0.35)) {
            return primary;
        }
        List<SimulatedNode> all = List.copyOf(cluster.nodes().values());
        return all.get(draws.below(all.size()));
    }

    private boolean act(Deed deed, Case target, SimulatedNode node, Draws draws) {
        Master master = target.master;
        String volumeId = master.volumeId();
        switch (deed) {
            case WRITES -> background("writes", () -> target.writer.burst(draws, 1 + draws.below(12)));
            case TRIM_WAL -> target.writer.trimWal(draws);
            case FLUSH -> {
                if (node.serves()) {
                    node.run("flush", () -> node.volume(volumeId).ifPresent(v -> v.flush()));
                }
            }
            case FAILOVER -> background("failover", () -> master.failover(draws));
            case MEMBER_LEAVES -> master.memberLeaves(draws);
            case MEMBER_COMES -> master.memberComes(draws);
            case REBUILD_WISH -> target.operator.wishRebuild(draws);
            case CANCEL_WISH -> target.operator.wishCancel(draws);
            case POWER_CUT, KILL, POWER_CUT_IN_CHANGE, RESTART, DISK_LOST, DISK_FULL, DISK_ERROR, REDELIVERY -> {
                return toMachine(deed, node, draws);
            }
            case PARTITION -> node.link().cut(draws.between(50, 3_000) * MS);
            case DELAY -> delay(node, volumeId, draws);
            case SYNC_LOST -> {
                for (int i = draws.below(4); i >= 0; i--) {
                    node.link().lose(draws.of(Topics.SYNC_REQUESTS, Topics.SYNC_ACKS));
                }
            }
            case FLIPPED_BIT ->
                node.link()
                        .flip(
                                draws.of(Topics.wal(volumeId), Topics.wal(volumeId), Topics.base(volumeId)),
                                draws.next());
            case DUPLICATE_EVENT -> {
                return duplicate(Topics.EVENTS, 60, draws);
            }
            case DUPLICATE_COMMAND -> {
                return duplicate(draws.of(Topics.COMMANDS_NODE, Topics.COMMANDS_SESSION), 30, draws);
            }
            case DUPLICATE_WAL -> {
                return duplicate(Topics.wal(volumeId), 4, draws);
            }
            case DUPLICATE_BASE -> {
                return duplicate(Topics.base(volumeId), 10, draws);
            }
            case STALE_ASSIGNMENT -> master.repeatStale(draws);
            case RETENTION_CUT -> {
                return cutLane(volumeId, draws);
            }
            case CLOCK_STEP -> node.stepClock(Duration.ofMillis(draws.between(-2 * HOUR_MS, 2 * HOUR_MS)));
            case GARBAGE -> target.operator.garbage(draws);
            case STREAMS_ABORT -> cluster.streams().abortNext();
            case STREAMS_RESTART ->
                background("streams", () -> cluster.streams().restart());
        }
        return true;
    }

    private void background(String name, Runnable work) {
        cluster.time().world().start(name, work);
    }

    // ---------------------------------------------------------- machines

    private boolean toMachine(Deed deed, SimulatedNode node, Draws draws) {
        if (!node.up() && deed != Deed.DISK_LOST) {
            return false;
        }
        long back = cluster.time().now() + draws.between(20, 2_500) * MS;
        switch (deed) {
            case POWER_CUT -> {
                node.powerCut(draws.of(Unsynced.values()), draws.next());
                startAt.put(node.id(), back);
            }
            case POWER_CUT_IN_CHANGE -> {
                node.cutPowerAt(1 + draws.below(60));
                cuts.put(node.id(), draws);
            }
            case KILL -> {
                node.kill();
                startAt.put(node.id(), back);
            }
            case RESTART ->
                background("restart", () -> {
                    node.close();
                    startAt.put(node.id(), back);
                });
            case DISK_LOST -> {
                if (rewound.contains(node.id())) {
                    return false; // nothing would tell it from a node that never had anything
                }
                lostDisks.add(node.id());
                if (cases.stream()
                        .anyMatch(c -> c.master.members().contains(node.id()) && !c.master.mayLose(node.id()))) {
                    return false;
                }
                node.kill();
                node.wipe();
                wiped.accept(node);
                cases.forEach(c -> c.master.lost(node.id()));
                startAt.put(node.id(), back);
            }
            case DISK_FULL -> {
                node.diskFull(true);
                cluster.time().at(back, () -> node.diskFull(false));
            }
            case DISK_ERROR -> {
                node.diskFails();
                node.disk().failOnce(1 + draws.below(20), VolumeException.Kind.IO_ERROR);
                background("replace", () -> {
                    cluster.time().sleep(Duration.ofMillis(draws.between(200, 2_500)));
                    node.kill();
                    startAt.put(node.id(), cluster.time().now());
                });
            }
            case REDELIVERY -> {
                if (lostDisks.contains(node.id())) {
                    return false;
                }
                rewound.add(node.id());
                node.kill();
                for (String topic : List.of(Topics.COMMANDS_NODE, Topics.COMMANDS_SESSION)) {
                    cluster.log()
                            .rewind(
                                    SimulatedClients.group(node.id()),
                                    new TopicPartition(topic, 0),
                                    draws.between(1, 12));
                }
                startAt.put(node.id(), back);
            }
            default -> throw new IllegalStateException(deed + " is not done to a machine");
        }
        return true;
    }

    /** Starts what is due to be started, and ends what has lost its power; for ever. */
    void supervise() {
        while (true) {
            for (SimulatedNode node : cluster.nodes().values()) {
                Draws cut = cuts.get(node.id());
                if (node.powerGone()) {
                    cuts.remove(node.id());
                    Draws draws = cut == null ? new Draws(0) : cut;
                    node.powerCut(draws.of(Unsynced.values()), draws.next());
                    startAt.put(node.id(), cluster.time().now() + draws.between(20, 2_500) * MS);
                }
                boolean held = cases.stream().anyMatch(c -> c.master.holds(node.id()));
                boolean due = startAt.getOrDefault(node.id(), Long.MAX_VALUE)
                        <= cluster.time().now();
                if (due && !held) {
                    startAt.remove(node.id());
                    node.start();
                }
            }
            cluster.time().sleep(Duration.ofMillis(SUPERVISE_MS));
        }
    }

    /** All faults are over: links and disks are well, and all machines are about to run. */
    void heal() {
        for (SimulatedNode node : cluster.nodes().values()) {
            node.link().heal();
            node.cutPowerAt(Integer.MAX_VALUE);
            cuts.remove(node.id());
            node.disk().heal();
            node.diskFull(false);
            if (!node.up() && !node.powerGone()) {
                startAt.putIfAbsent(node.id(), cluster.time().now());
            }
            startAt.computeIfPresent(
                    node.id(), (id, at) -> Math.min(at, cluster.time().now()));
        }
        cluster.streams().link().heal();
    }

    // --------------------------------------------------------------- the log

    private void delay(SimulatedNode node, String volumeId, Draws draws) {
        String topic = draws.of(
                Topics.EVENTS,
                Topics.EVENTS,
                Topics.COMMANDS_NODE,
                Topics.COMMANDS_SESSION,
                Topics.SYNC_REQUESTS,
                Topics.SYNC_ACKS,
                Topics.wal(volumeId),
                Topics.base(volumeId));
        boolean events = topic.equals(Topics.EVENTS);
        (events ? cluster.streams().link() : node.link())
                .slow(topic, draws.between(50, 2_000) * MS, draws.between(20, 1_500) * MS);
    }

    /** One of the newest records lies on the topic once more. */
    private boolean duplicate(String topic, int newest, Draws draws) {
        SimulatedLog log = cluster.log();
        if (!log.exists(topic)) {
            return false;
        }
        long end = log.end(topic);
        long from = Math.max(log.begin(topic), end - newest);
        if (from >= end) {
            return false;
        }
        Stored stored = log.at(topic, draws.between(from, end - 1));
        if (stored.marker() || cases.stream().anyMatch(c -> c.master.isEarlierSet(eventId(stored)))) {
            return false;
        }
        log.append(
                new Draft(
                        topic,
                        stored.key(),
                        stored.value(),
                        new RecordHeaders(stored.headers().toArray())),
                cluster.time().millis(),
                "duplicate");
        return true;
    }

    private static String eventId(Stored stored) {
        Header id = stored.headers().lastHeader(CloudEventHeaders.ID);
        return id == null ? "" : new String(id.value(), StandardCharsets.UTF_8);
    }

    /** A foreign hand deletes from the lane. */
    private boolean cutLane(String volumeId, Draws draws) {
        SimulatedLog log = cluster.log();
        String topic = Topics.wal(volumeId);
        if (!log.exists(topic) || log.begin(topic) == log.end(topic)) {
            return false;
        }
        log.delete(topic, draws.between(log.begin(topic) + 1, log.end(topic)));
        laneCut.accept(volumeId);
        return true;
    }
}
