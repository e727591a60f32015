package io.keepup.bench.simulate.check;

import io.keepup.bench.simulate.world.Ledger;
import io.keepup.bench.simulate.world.SimulatedNode;
import io.keepup.node.hosting.HostedStatus;
import io.keepup.node.hosting.HostedVolume;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * What one volume's data must be: a branch for each epoch's primary, and where each copy stands on them. It looks at the
 * copies themselves, not at what is said of them.
 *
 * <p>Invariant 4 is checked when a replica says that a session completed, and at the end; between those a replica's data
 * only grows by entries, and whoever becomes primary or opens its disk again is compared as well. Invariant 5 is checked
 * when a write is acknowledged, when a disk is opened after a crash, when a copy becomes primary, and at the end: only
 * then can an acknowledged write turn out to be gone.
 */
public final class DataModel implements Ledger {

    /** What a copy was when it was last seen. */
    private record Claim(long durableLsn, boolean recoverable) {}

    /** A copy's place: all it has up to {@code lsn} is of that branch; branch null: it has nothing. */
    private record Place(Branch branch, long lsn) {}

    private final Verdict verdict;
    private final String volumeId;
    private final int blocks;
    private final int blockSize;
    private final Map<String, SimulatedNode> nodes;
    private final TreeMap<Long, Branch> branches = new TreeMap<>();
    private final Map<String, Claim> claims = new HashMap<>();
    private final Map<String, Place> answered = new HashMap<>();

    public DataModel(Verdict verdict, String volumeId, int blocks, int blockSize, Map<String, SimulatedNode> nodes) {
        this.verdict = verdict;
        this.volumeId = volumeId;
        this.blocks = blocks;
        this.blockSize = blockSize;
        this.nodes = nodes;
    }

    // -------------------------------------------------------------- primary

    /** Takes note when the node has become primary of a new epoch; to be called before it can do anything as such. */
    public void look(SimulatedNode node) {
        HostedVolume volume = node.volume(volumeId).orElse(null);
        if (volume == null || volume.primary().isEmpty()) {
            return;
        }
        HostedStatus status = volume.status();
        Branch known = branches.get(status.epoch());
        if (known == null) {
            becomesPrimary(node, volume, status);
        } else if (!known.primary().equals(node.id())) {
            verdict.violated(
                    3, volumeId, "%s and %s are both primary of epoch %d", known.primary(), node, status.epoch());
        }
    }

    private void becomesPrimary(SimulatedNode node, HostedVolume volume, HostedStatus status) {
        Place place = place(node, status);
        long[] image = image(volume);
        Branch next = new Branch(status.epoch(), node.id(), place.branch, status.appliedLsn(), image);
        compare("the new primary " + node, image, place.branch, place.lsn, 5);
        for (Branch each : branches.headMap(status.epoch()).values()) {
            if (each.acknowledged() > next.shared(each)) {
                verdict.violated(
                        5,
                        volumeId,
                        "LSN %d of epoch %d was acknowledged, %s becomes primary of epoch %d and shares only %d with it",
                        each.acknowledged(),
                        each.epoch(),
                        node,
                        next.epoch(),
                        next.shared(each));
            }
        }
        branches.put(status.epoch(), next);
    }

    @Override
    public void writes(SimulatedNode node, long epoch, long lsn, long lba, int count, long firstId) {
        look(node);
        branches.get(epoch).write(lsn, new Branch.Write(lba, count, firstId));
    }

    @Override
    public void wrote(long epoch, long lsn) {
        branches.get(epoch).taken(lsn);
    }

    @Override
    public void acknowledged(SimulatedNode node, HostedStatus asked, HostedStatus told, long lsn) {
        Branch branch = branches.get(told.epoch());
        // The members may have changed after the barrier was confirmed and before its writer heard so.
        if (!majority(node, told, branch, lsn) && !majority(node, asked, branch, lsn)) {
            verdict.violated(
                    5,
                    volumeId,
                    "LSN %d of epoch %d is acknowledged, and of %s and %s only %s hold it",
                    lsn,
                    branch.epoch(),
                    node,
                    told.replicas(),
                    holders(node, told, branch, lsn));
        }
        branch.acknowledge(lsn);
    }

    private boolean majority(SimulatedNode node, HostedStatus status, Branch branch, long lsn) {
        return holders(node, status, branch, lsn).size() >= (status.replicas().size() + 1) / 2 + 1;
    }

    private List<String> holders(SimulatedNode node, HostedStatus status, Branch branch, long lsn) {
        return Stream.concat(Stream.of(node.id()), status.replicas().stream())
                .filter(id -> holds(id, branch, lsn))
                .toList();
    }

    /** Whether a copy has an LSN of that history on its disk, or truly said so: a rebuild may have begun since. */
    private boolean holds(String nodeId, Branch branch, long lsn) {
        SimulatedNode node = nodes.get(nodeId);
        HostedStatus status = node.volume(volumeId).map(HostedVolume::status).orElse(null);
        if (status != null && status.recoverable() && status.durableLsn() >= lsn) {
            return shares(place(node, status), branch, lsn);
        }
        Place said = answered.get(nodeId);
        return said != null && said.lsn >= lsn && shares(said, branch, lsn);
    }

    private static boolean shares(Place place, Branch branch, long lsn) {
        return place.branch != null && place.branch.shared(branch) >= lsn;
    }

    // -------------------------------------------------------------- replica

    /** A replica says where it stands. An answer that says nothing, as to a question of another epoch, takes nothing back. */
    public void answers(SimulatedNode node, long durableLsn) {
        HostedStatus status = node.volume(volumeId).map(HostedVolume::status).orElse(null);
        if (durableLsn > 0 && status != null && status.recoverable() && status.durableLsn() >= durableLsn) {
            answered.put(node.id(), new Place(place(node, status).branch, durableLsn));
        }
    }

    /** A replica says that a session has completed [invariant 4]. */
    public void completes(SimulatedNode node, long sessionId, long epoch, long achievedLsn) {
        HostedVolume volume = node.volume(volumeId).orElse(null);
        Branch branch = branches.get(epoch);
        if (volume == null || branch == null) {
            verdict.violated(
                    4, volumeId, "%s completes session %d of epoch %d, which has no primary", node, sessionId, epoch);
            return;
        }
        HostedStatus status = volume.status();
        if (!status.recoverable() || status.appliedLsn() != achievedLsn) {
            verdict.violated(
                    4,
                    volumeId,
                    "%s completes session %d at LSN %d and has %d, recoverable %s",
                    node,
                    sessionId,
                    achievedLsn,
                    status.appliedLsn(),
                    status.recoverable());
            return;
        }
        compare("%s after session %s".formatted(node, sessionId), image(volume), branch, achievedLsn, 4);
    }

    // -------------------------------------------------------- crash and open

    /** What the node says of itself now must still be so when its disk is opened again. */
    public void dies(SimulatedNode node) {
        node.volume(volumeId)
                .map(HostedVolume::status)
                .ifPresent(s -> claims.put(node.id(), new Claim(s.durableLsn(), s.recoverable())));
    }

    /** The node's disk is opened again. */
    public void opened(SimulatedNode node, boolean diskWasSound) {
        HostedVolume volume = node.volume(volumeId).orElse(null);
        Claim claim = claims.remove(node.id());
        if (volume == null) {
            String why = node.unopened(volumeId).orElse(null);
            if (claim != null && why != null && diskWasSound) {
                verdict.violated(5, volumeId, "%s cannot open its volume again: %s", node, why);
            }
            return;
        }
        HostedStatus status = volume.status();
        if (status.damaged() && diskWasSound) {
            verdict.violated(5, volumeId, "%s finds its volume damaged, %s, after a crash", node, status.fault());
        }
        if (!status.recoverable()) {
            return;
        }
        if (claim != null && claim.recoverable && status.durableLsn() < claim.durableLsn) {
            verdict.violated(
                    5,
                    volumeId,
                    "%s had LSN %d durable, after a crash it has %d",
                    node,
                    claim.durableLsn,
                    status.durableLsn());
        }
        Branch own = branches.get(status.epoch());
        if (own != null && own.primary().equals(node.id())) {
            own.cut(status.appliedLsn());
            own.settle(status.appliedLsn(), image(volume));
        }
        Place place = place(node, status);
        compare(node + " after a crash", image(volume), place.branch, place.lsn, 5);
    }

    /** The node's disk is lost with all that was on it. */
    public void wiped(SimulatedNode node) {
        claims.remove(node.id());
    }

    // ------------------------------------------------------------ where it is

    @Override
    public long[] rank(SimulatedNode node) {
        HostedStatus status = node.volume(volumeId).map(HostedVolume::status).orElse(null);
        if (status == null || !status.recoverable()) {
            return null;
        }
        Place place = place(node, status);
        for (Branch branch : branches.descendingMap().values()) {
            boolean prefix = place.branch == null
                    ? branch.baseLsn() == 0
                    : place.lsn >= branch.baseLsn() && place.branch.shared(branch) >= place.lsn;
            if (prefix) {
                return new long[] {branch.epoch(), status.durableLsn()};
            }
        }
        return new long[] {0, status.durableLsn()};
    }

    private Place place(SimulatedNode node, HostedStatus status) {
        Branch own = branches.get(status.epoch());
        if (own != null && own.primary().equals(node.id())) {
            return new Place(own, status.appliedLsn());
        }
        if (status.appliedLsn() == 0) {
            return new Place(null, 0);
        }
        Branch branch = branches.get(status.appliedEpoch());
        if (branch == null) {
            verdict.violated(
                    4,
                    volumeId,
                    "%s has LSN %d of epoch %d, which no primary wrote",
                    node,
                    status.appliedLsn(),
                    status.appliedEpoch());
        }
        return new Place(branch, status.appliedLsn());
    }

    // ---------------------------------------------------------------- the end

    /** All copies hold the primary's history, which holds all that was ever acknowledged [invariants 4, 5]. */
    public void atRest(SimulatedNode primary, Collection<SimulatedNode> copies) {
        HostedVolume volume = primary.volume(volumeId).orElseThrow();
        HostedStatus status = volume.status();
        Branch branch = branches.get(status.epoch());
        for (Branch each : branches.values()) {
            long shared = each == branch ? status.appliedLsn() : branch.shared(each);
            if (each.acknowledged() > shared) {
                verdict.violated(
                        5,
                        volumeId,
                        "LSN %d of epoch %d was acknowledged, in the end only %d of it is left",
                        each.acknowledged(),
                        each.epoch(),
                        shared);
            }
        }
        compare("the primary " + primary, image(volume), branch, status.appliedLsn(), 5);
        for (SimulatedNode copy : copies) {
            compare("the copy of " + copy, image(copy.volume(volumeId).orElseThrow()), branch, status.appliedLsn(), 4);
        }
    }

    private void compare(String whose, long[] image, Branch branch, long lsn, int invariant) {
        long[] expected = branch == null ? new long[blocks] : branch.image(lsn);
        if (expected == null) {
            verdict.violated(
                    invariant,
                    volumeId,
                    "%s has LSN %d, the history of epoch %d ends at %d",
                    whose,
                    lsn,
                    branch.epoch(),
                    branch.head());
            return;
        }
        int differs = Arrays.mismatch(image, expected);
        if (differs >= 0) {
            verdict.violated(
                    invariant,
                    volumeId,
                    "%s has write %d in block %d at LSN %d of epoch %d, not write %d of LSN %d",
                    whose,
                    image[differs],
                    differs,
                    lsn,
                    branch == null ? 0 : branch.epoch(),
                    expected[differs],
                    branch == null ? 0 : branch.lsnOf(differs, lsn));
        }
    }

    private long[] image(HostedVolume volume) {
        ByteBuffer bytes = ByteBuffer.allocate(blocks * blockSize);
        volume.read(0, bytes);
        bytes.flip();
        long[] image = new long[blocks];
        for (int block = 0; block < blocks; block++) {
            image[block] = Content.idOf(bytes, block, blockSize);
        }
        return image;
    }
}
