package io.keepup.bench.simulate;

import io.keepup.bench.simulate.check.DataModel;
import io.keepup.bench.simulate.check.FoldChecks;
import io.keepup.bench.simulate.check.PinChecks;
import io.keepup.bench.simulate.check.Verdict;
import io.keepup.bench.simulate.check.Violation;
import io.keepup.bench.simulate.log.SimulatedLog;
import io.keepup.bench.simulate.log.Stored;
import io.keepup.bench.simulate.plan.Deed;
import io.keepup.bench.simulate.plan.Plan;
import io.keepup.bench.simulate.time.Scheduler;
import io.keepup.bench.simulate.world.Cluster;
import io.keepup.bench.simulate.world.Ledger;
import io.keepup.bench.simulate.world.Master;
import io.keepup.bench.simulate.world.SimulatedNode;
import io.keepup.bench.simulate.world.SimulatedStreams;
import io.keepup.bench.simulate.world.World;
import io.keepup.engine.VolumeOverview;
import io.keepup.node.hosting.HostedStatus;
import io.keepup.node.hosting.HostedVolume;
import io.keepup.schemas.codec.RecordCodec;
import io.keepup.schemas.codec.UndecodableException;
import io.keepup.schemas.topic.Topics;
import io.keepup.v1.SessionCompleted;
import io.keepup.v1.SyncAnswer;
import io.keepup.v1.WalBatch;
import io.keepup.v1.WalEntry;
import io.keepup.volume.VolumeSpec;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.producer.ProducerRecord;

/** One history: what its plan makes happen, watched all along, and the rest it must come to in the end. */
final class History implements World.Watch {

    /** How long a volume may take to come to rest once all faults are over, virtual. */
    private static final Duration REST = Duration.ofSeconds(60);

    private static final Duration LIMIT = Duration.ofSeconds(120);
    private static final Duration LOOK = Duration.ofMillis(100);

    /**
     * What became of a history.
     *
     * @param violation null when all held
     * @param fingerprint the same for the same plan, on every machine
     * @param records on the log
     * @param restMillis virtual ms from the end of all faults to rest
     */
    record Result(
            Plan plan,
            Violation violation,
            long fingerprint,
            Map<Deed, Integer> done,
            int records,
            long restMillis,
            long turns,
            SimulatedLog log) {}

    private final Plan plan;
    private final RecordCodec codec;
    private final Scheduler time;
    private final Verdict verdict;
    private final FoldChecks folds;
    private final PinChecks pins;
    private final Map<String, SimulatedNode> nodes = new TreeMap<>();
    private final Map<String, DataModel> models = new TreeMap<>();
    private final World world;
    private long restMillis;

    private History(Plan plan, RecordCodec codec) {
        this.plan = plan;
        this.codec = codec;
        this.time = new Scheduler(plan.seed(), LIMIT);
        this.verdict = new Verdict(time);
        this.folds = new FoldChecks(verdict, codec, World.policy(), nodes);
        this.pins = new PinChecks(verdict);
        this.world = new World(plan, time, codec, nodes, this);
    }

    /**
     * Tells a plan's history.
     *
     * @throws Scheduler.BrokenOff when it cannot be told: a bug of the simulator, or a task that died of one of its own
     */
    static Result tell(Plan plan, RecordCodec codec) {
        History history = new History(plan, codec);
        history.time.run(history::main);
        SimulatedLog log = history.world.cluster().log();
        return new Result(
                plan,
                history.verdict.first(),
                log.fingerprint(),
                history.world.hand().done(),
                history.folds.count(),
                history.restMillis,
                history.time.turns(),
                log);
    }

    private void main() {
        world.live();
        long faultsOver = time.now();
        long limit = faultsOver + REST.toNanos();
        while (!world.masters().stream().allMatch(this::atRest) && time.now() < limit) {
            time.sleep(LOOK);
            world.masters().stream().filter(this::isEmpty).forEach(each -> world.write(each.volumeId()));
        }
        for (Master master : world.masters()) {
            String unrest = unrest(master);
            if (unrest != null) {
                verdict.violated(Violation.LIVENESS, master.volumeId(), "%s", unrest);
                return;
            }
        }
        restMillis = (time.now() - faultsOver) / 1_000_000;
        world.masters().forEach(this::judge);
        folds.atRest();
        folds.refold();
        SimulatedLog log = world.cluster().log();
        folds.complete(log.all(Topics.EVENTS).stream()
                .filter(stored -> !stored.marker())
                .map(Stored::offset)
                .toList());
    }

    // -------------------------------------------------------------------- rest

    private boolean isEmpty(Master master) {
        return status(master.primary(), master.volumeId()) instanceof HostedStatus s
                && s.appliedLsn() == 0
                && s.role().equals("primary");
    }

    /** Healthy in the newest epoch, all copies at one LSN, no pins, nothing under way. */
    private boolean atRest(Master master) {
        return unrest(master) == null;
    }

    private String unrest(Master master) {
        if (!world.over()) {
            return "it is still written to";
        }
        Cluster cluster = world.cluster();
        VolumeOverview overview = cluster.overview(master.volumeId());
        if (overview.epoch() != master.epoch() || !overview.primaryId().equals(master.primary())) {
            return "epoch %s of %s is not folded".formatted(master.epoch(), master.primary());
        }
        if (!overview.projection().healthy()) {
            return "it is %s, %s"
                    .formatted(
                            overview.projection().mode(), overview.projection().reason());
        }
        for (SimulatedNode node : nodes.values()) {
            if (node.diskFailed() || node.powerGone() || node.closing()) {
                return "%s is to be started again".formatted(node);
            }
        }
        HostedStatus primary = status(master.primary(), master.volumeId());
        if (primary == null || primary.epoch() != master.epoch()) {
            return "the primary %s is not there".formatted(master.primary());
        }
        if (!primary.pins().isEmpty()) {
            return "pins are left: %s".formatted(primary.pins());
        }
        for (String id : master.members()) {
            HostedStatus copy = status(id, master.volumeId());
            if (copy == null || copy.epoch() != master.epoch() || !copy.recoverable()) {
                return "the copy of %s is not there".formatted(id);
            }
            if (copy.appliedLsn() != primary.appliedLsn()) {
                return "%s has LSN %s, the primary %s".formatted(id, copy.appliedLsn(), primary.appliedLsn());
            }
        }
        return null;
    }

    private HostedStatus status(String nodeId, String volumeId) {
        SimulatedNode node = nodes.get(nodeId);
        return node == null
                ? null
                : node.volume(volumeId).map(HostedVolume::status).orElse(null);
    }

    private void judge(Master master) {
        List<SimulatedNode> copies = master.members().stream().map(nodes::get).toList();
        SimulatedNode primary = nodes.get(master.primary());
        models.get(master.volumeId()).atRest(primary, copies);
        String digest = digest(primary, master);
        for (SimulatedNode copy : copies) {
            if (!digest(copy, master).equals(digest)) {
                verdict.violated(4, master.volumeId(), "%s and %s differ at rest", primary, copy);
            }
        }
    }

    private static String digest(SimulatedNode node, Master master) {
        return node.volume(master.volumeId()).orElseThrow().digest().sha256();
    }

    // ---------------------------------------------------------------- watching

    @Override
    public SimulatedStreams.Observer folds() {
        return folds;
    }

    @Override
    public Ledger ledger(VolumeSpec spec) {
        DataModel model =
                new DataModel(verdict, spec.volumeId(), Math.toIntExact(spec.blocks()), spec.blockSize(), nodes);
        models.put(spec.volumeId(), model);
        return model;
    }

    @Override
    public void wiped(SimulatedNode node) {
        models.values().forEach(model -> model.wiped(node));
    }

    @Override
    public void laneCut(String volumeId) {
        pins.cutByOthers(volumeId);
    }

    @Override
    public SimulatedNode.Observer nodes() {
        return new SimulatedNode.Observer() {
            @Override
            public void sends(SimulatedNode node, ProducerRecord<byte[], byte[]> record) {
                models.forEach((volumeId, model) -> {
                    model.look(node);
                    pins.look(node, volumeId);
                });
                boolean told =
                        record.topic().equals(Topics.EVENTS) || record.topic().equals(Topics.SYNC_ACKS);
                if (told) {
                    said(node, record.value());
                }
            }

            @Override
            public void deleted(SimulatedNode node, String topic, long from, long to) {
                models.keySet().stream()
                        .filter(volumeId -> Topics.wal(volumeId).equals(topic))
                        .forEach(volumeId -> trimmed(node, volumeId, from, to));
            }

            @Override
            public void dies(SimulatedNode node) {
                models.values().forEach(model -> model.dies(node));
            }

            @Override
            public void opened(SimulatedNode node) {
                models.values().forEach(model -> model.opened(node, !node.diskFailed()));
            }
        };
    }

    private void said(SimulatedNode node, byte[] value) {
        switch (decoded(value)) {
            case SessionCompleted e ->
                models.get(e.getMeta().getVolumeId())
                        .completes(node, e.getSessionId(), e.getMeta().getEpoch(), e.getAchievedLsn());
            case SyncAnswer a ->
                models.get(a.getMeta().getVolumeId()).answers(node, a.getAck().getDurableLsn());
            default -> {}
        }
    }

    /** What of its own epoch the node deleted, and does not lie there a second time. */
    private void trimmed(SimulatedNode node, String volumeId, long from, long to) {
        HostedStatus status = status(node.id(), volumeId);
        if (status == null) {
            return;
        }
        SimulatedLog log = world.cluster().log();
        String lane = Topics.wal(volumeId);
        TreeSet<Long> gone = new TreeSet<>();
        for (long at = from; at < log.end(lane); at++) {
            if (decoded(log.at(lane, at).value()) instanceof WalBatch batch && batch.getEpoch() == status.epoch()) {
                for (WalEntry entry : batch.getEntries()) {
                    if (at < to) {
                        gone.add(entry.getLsn());
                    } else {
                        gone.remove(entry.getLsn());
                    }
                }
            }
        }
        if (!gone.isEmpty()) {
            pins.deleted(node, volumeId, gone.last());
        }
    }

    private SpecificRecord decoded(byte[] value) {
        try {
            return codec.decode(value);
        } catch (UndecodableException e) {
            throw new IllegalStateException("a node says what nobody can read", e);
        }
    }
}
