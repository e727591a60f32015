package io.keepup.bench.simulate.world;

import io.keepup.bench.simulate.check.Content;
import io.keepup.bench.simulate.time.Draws;
import io.keepup.node.hosting.HostedStatus;
import io.keepup.node.hosting.HostedVolume;
import io.keepup.node.hosting.NotServedException;
import io.keepup.volume.VolumeException;
import io.keepup.volume.VolumeSpec;
import java.time.Duration;
import java.util.List;

/** Writes to one volume, wherever a node takes itself for its primary, and remembers what was acknowledged. */
public final class Writer {

    private static final Duration BARRIER_LIMIT = Duration.ofSeconds(3);

    private final Cluster cluster;
    private final VolumeSpec spec;
    private final Master master;
    private final Ledger ledger;
    private long ids;

    Writer(Cluster cluster, VolumeSpec spec, Master master, Ledger ledger) {
        this.cluster = cluster;
        this.spec = spec;
        this.master = master;
        this.ledger = ledger;
    }

    /** So many writes, one after the other, each on its own way once it is in the WAL. */
    void burst(Draws draws, int writes) {
        SimulatedNode node = primary(draws);
        for (int i = 0; i < writes && node != null; i++) {
            write(node, draws);
            cluster.time().sleep(Duration.ofMillis(draws.between(0, 25)));
        }
    }

    /** Mostly the true primary; now and then one that does not know yet that it is none any more. */
    private SimulatedNode primary(Draws draws) {
        List<SimulatedNode> all = cluster.nodes().values().stream()
                .filter(node -> node.volume(spec.volumeId())
                        .flatMap(HostedVolume::primary)
                        .isPresent())
                .toList();
        if (all.isEmpty()) {
            return null;
        }
        SimulatedNode node = cluster.nodes().get(master.primary());
        return all.contains(node) && draws.chance(0.85) ? node : all.get(draws.below(all.size()));
    }

    private void write(SimulatedNode node, Draws draws) {
        int count = 1 + (draws.chance(0.4) ? draws.below(4) : 0);
        long lba = draws.below((int) spec.blocks() - count + 1);
        boolean trim = draws.chance(0.12);
        boolean wait = draws.chance(0.4);
        boolean sync = draws.chance(0.2);
        if (!node.up()) {
            return;
        }
        node.run("write", () -> {
            HostedVolume volume = node.volume(spec.volumeId()).orElse(null);
            if (volume == null || volume.primary().isEmpty()) {
                return;
            }
            HostedStatus status = volume.status();
            long id = trim ? 0 : ids + 1;
            ids += trim ? 0 : count;
            ledger.writes(node, status.epoch(), status.appliedLsn() + 1, lba, count, id);
            long lsn = trim ? volume.trim(lba, count) : volume.write(lba, Content.of(id, count, spec.blockSize()));
            ledger.wrote(status.epoch(), lsn);
            if (sync) {
                volume.awaitDurable(lsn);
            }
            if (wait && volume.awaitBarrier(lsn, BARRIER_LIMIT)) {
                HostedStatus now = volume.status();
                ledger.acknowledged(node, status, now.epoch() == status.epoch() ? now : status, lsn);
            }
        });
    }

    /** Trims as much WAL as the primary lets go. */
    void trimWal(Draws draws) {
        SimulatedNode node = primary(draws);
        if (node != null && node.up()) {
            node.run("trim", () -> node.volume(spec.volumeId())
                    .filter(v -> v.primary().isPresent())
                    .ifPresent(v -> v.trimWal(v.status().appliedLsn() - draws.below(4))));
        }
    }

    /** Whether block I/O may fail like this: the client would hear so. */
    static boolean isRefusal(RuntimeException e) {
        return e instanceof VolumeException
                || e instanceof NotServedException
                || e instanceof org.apache.kafka.common.KafkaException
                || e instanceof io.keepup.node.event.NodeClosingException;
    }
}
