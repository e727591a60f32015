package io.keepup.bench.simulate.world;

import io.keepup.bench.simulate.time.Draws;
import io.keepup.engine.VolumeOverview;
import io.keepup.engine.state.ReplicaView;
import io.keepup.node.hosting.HostedStatus;
import io.keepup.node.hosting.HostedVolume;
import io.keepup.schemas.topic.Topics;
import io.keepup.v1.AssignmentDelivered;
import io.keepup.v1.Meta;
import io.keepup.v1.ReplicaEndpoint;
import io.keepup.v1.Role;
import io.keepup.volume.VolumeSpec;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.BooleanSupplier;

/**
 * Says who holds one volume, as an operator who loses nothing: a new primary is the copy that is furthest of a majority,
 * after the old one can have no majority any more, because it is dead and kept so, or because a majority took an epoch
 * without a primary before. A majority is one of every set of members that may still count; copies that lost their disk,
 * or are being rebuilt, count for none.
 */
public final class Master {

    private static final Duration LOOK = Duration.ofMillis(25);
    private static final Duration FENCE_LIMIT = Duration.ofSeconds(6);
    private static final Duration LAST_COMERS = Duration.ofSeconds(1);
    /** How long a primary may be of no use before the operator moves the volume. */
    private static final long USELESS_NANOS = 4_000_000_000L;

    private final Cluster cluster;
    private final VolumeSpec spec;
    private final Ledger ledger;
    private final List<AssignmentDelivered> said = new ArrayList<>();
    private final Set<String> held = new HashSet<>();
    private final Set<String> lostTheirDisk = new HashSet<>();
    private TreeSet<String> members = new TreeSet<>();
    private List<TreeSet<String>> sets = new ArrayList<>();
    private String primary = "";
    /** Primary of the newest epoch that had one: it has all that was ever acknowledged, as long as its disk is sound. */
    private String lastPrimary = "";

    private long epoch;
    private boolean busy;
    private long uselessSince = Long.MAX_VALUE;
    private int numbers;

    Master(Cluster cluster, VolumeSpec spec, Ledger ledger) {
        this.cluster = cluster;
        this.spec = spec;
        this.ledger = ledger;
    }

    public String volumeId() {
        return spec.volumeId();
    }

    public long epoch() {
        return epoch;
    }

    /** Primary of the newest epoch; empty when it has none. */
    public String primary() {
        return primary;
    }

    /** Primary and replicas. */
    public Set<String> members() {
        return members;
    }

    /** Whether the node must stay down for now. */
    boolean holds(String nodeId) {
        return held.contains(nodeId);
    }

    // -------------------------------------------------------------- assigning

    /** The first assignment. */
    void bootstrap(Draws draws) {
        List<String> all = new ArrayList<>(cluster.nodes().keySet());
        boolean spare = all.size() > 2 && draws.chance(0.3);
        members = new TreeSet<>(spare ? all.subList(0, all.size() - 1) : all);
        sets.add(members);
        assign(1, List.copyOf(members).get(draws.below(members.size())), draws);
    }

    private void assign(long newEpoch, String newPrimary, Draws draws) {
        epoch = newEpoch;
        primary = newPrimary;
        lastPrimary = newPrimary.isEmpty() ? lastPrimary : newPrimary;
        for (String node : cluster.nodes().keySet()) {
            if (!members.contains(node)) {
                tell(node, Role.none, draws);
            } else if (!node.equals(primary)) {
                tell(node, Role.replica, draws);
            }
        }
        if (!primary.isEmpty()) {
            tell(primary, Role.primary, draws);
        }
    }

    private void tell(String node, Role role, Draws draws) {
        List<ReplicaEndpoint> replicas = role != Role.primary
                ? List.of()
                : members.stream()
                        .filter(id -> !id.equals(node))
                        .map(id -> new ReplicaEndpoint(id, id + ":1", id + ":2"))
                        .toList();
        AssignmentDelivered event =
                new AssignmentDelivered(meta(node, epoch), role, replicas, spec.sizeBytes(), spec.blockSize());
        said.add(event);
        long late = draws.chance(0.2) ? draws.between(50, 900) : draws.between(0, 30);
        cluster.say(event, event.getMeta(), late * 1_000_000);
    }

    private Meta meta(String node, long ofEpoch) {
        String id = "master-%s-%s".formatted(spec.volumeId(), ++numbers);
        return new Meta(id, spec.volumeId(), node, ofEpoch, cluster.instant(), "master");
    }

    /**
     * Says again what was said before, as new; but for an earlier set of members in the epoch there still is, which would be
     * a change of members.
     */
    void repeatStale(Draws draws) {
        AssignmentDelivered old = said.get(draws.below(said.size()));
        if (isEarlierSet(old)) {
            return;
        }
        AssignmentDelivered again = AssignmentDelivered.newBuilder(old)
                .setMeta(meta(old.getMeta().getNodeId(), old.getMeta().getEpoch()))
                .build();
        said.add(again);
        cluster.say(again, again.getMeta(), 0);
    }

    /** Whether it is an assignment that must not come again: nothing orders those of one epoch but the log. */
    boolean isEarlierSet(String eventId) {
        return said.stream().anyMatch(e -> e.getMeta().getEventId().equals(eventId) && isEarlierSet(e));
    }

    private boolean isEarlierSet(AssignmentDelivered event) {
        if (event.getMeta().getEpoch() != epoch || event.getRole() != Role.primary) {
            return false;
        }
        Set<String> replicas = new TreeSet<>(members);
        replicas.remove(primary);
        Set<String> told = new TreeSet<>();
        event.getReplicas().forEach(replica -> told.add(replica.getReplicaId()));
        return !told.equals(replicas);
    }

    // ------------------------------------------------------------- membership

    /** A replica is removed, in this epoch or in a new one. */
    void memberLeaves(Draws draws) {
        List<String> replicas =
                members.stream().filter(id -> !id.equals(primary)).toList();
        if (!mayChangeMembers() || replicas.size() < 2) {
            return;
        }
        String leaver = replicas.get(draws.below(replicas.size()));
        TreeSet<String> next = new TreeSet<>(members);
        next.remove(leaver);
        changeMembers(next, draws.chance(0.3), draws);
    }

    /** A node that is no member becomes a replica. */
    void memberComes(Draws draws) {
        List<String> others = cluster.nodes().keySet().stream()
                .filter(id -> !members.contains(id))
                .toList();
        if (!mayChangeMembers() || others.isEmpty()) {
            return;
        }
        String comer = others.get(draws.below(others.size()));
        TreeSet<String> next = new TreeSet<>(members);
        next.add(comer);
        boolean refused = said.stream() // a node has one role in an epoch [G1]
                .anyMatch(e -> e.getMeta().getEpoch() == epoch
                        && e.getMeta().getNodeId().equals(comer)
                        && e.getRole() == Role.none);
        changeMembers(next, refused || draws.chance(0.3), draws);
        if (!refused) {
            lostTheirDisk.remove(comer); // it never held anything that counts
        }
    }

    private boolean mayChangeMembers() {
        settle();
        return !busy && sets.size() == 1 && lostTheirDisk.stream().noneMatch(members::contains) && serves();
    }

    private void changeMembers(TreeSet<String> next, boolean newEpoch, Draws draws) {
        TreeSet<String> before = members;
        members = next;
        sets.add(next);
        if (newEpoch) {
            assign(epoch + 1, primary, draws);
            return;
        }
        next.stream().filter(id -> !before.contains(id)).forEach(id -> tell(id, Role.replica, draws));
        tell(primary, Role.primary, draws);
    }

    /** Once the primary itself goes by the newest members, and all of them are in step, only these count. */
    void settle() {
        VolumeOverview overview = cluster.overview(spec.volumeId());
        if (overview.epoch() != epoch || !overview.primaryId().equals(primary)) {
            return;
        }
        for (ReplicaView replica : overview.replicas()) {
            if (replica.heard() && replica.session().inKeepUp() && counts(replica.id())) {
                lostTheirDisk.remove(replica.id());
            }
        }
        Set<String> replicas = new TreeSet<>(members);
        replicas.remove(primary);
        Set<String> known = new TreeSet<>();
        overview.replicas().forEach(replica -> known.add(replica.id()));
        boolean followed = status(primary)
                .filter(s -> s.epoch() == epoch && replicas.equals(new TreeSet<>(s.replicas())))
                .isPresent();
        if (overview.projection().healthy() && known.equals(replicas) && followed) {
            sets = new ArrayList<>(List.of(members));
        }
    }

    private boolean counts(String nodeId) {
        return status(nodeId).filter(s -> s.recoverable() && s.appliedLsn() > 0).isPresent();
    }

    // --------------------------------------------------------------- failover

    /** Another copy becomes primary, if that loses nothing. */
    void failover(Draws draws) {
        if (busy) {
            return;
        }
        busy = true;
        try {
            SimulatedNode old = cluster.nodes().get(primary);
            if (old != null && !old.up() && draws.chance(0.5)) {
                replaceDead(old, draws);
            } else {
                fenceAndReplace(draws);
            }
        } finally {
            busy = false;
            uselessSince = Long.MAX_VALUE;
        }
    }

    private void replaceDead(SimulatedNode dead, Draws draws) {
        held.add(dead.id());
        String best = best(0, draws);
        if (best != null) {
            assign(epoch + 1, best, draws);
            long fresh = epoch;
            await(() -> majority(fresh), Duration.ofDays(1)); // until then the dead one must not come back
        }
        held.remove(dead.id());
    }

    private void fenceAndReplace(Draws draws) {
        if (!primary.isEmpty() && !majority(0)) {
            return; // nobody else could be chosen
        }
        assign(epoch + 1, "", draws);
        long fence = epoch;
        boolean fenced = await(() -> majority(fence), FENCE_LIMIT);
        // Who is about to come may have more: a copy with nothing refuses to begin where there was something.
        await(() -> members.stream().allMatch(id -> votes(id, fence)), draws.chance(0.5) ? LAST_COMERS : LOOK);
        String best = fenced ? best(fence, draws) : null;
        if (best != null) {
            assign(epoch + 1, best, draws);
        } else if (!lostTheirDisk.contains(lastPrimary)
                && begins(lastPrimary)
                && status(lastPrimary).filter(HostedStatus::recoverable).isPresent()) {
            assign(epoch + 1, lastPrimary, draws); // it needs nobody's consent to go on with what it has
        }
    }

    /** The furthest copy of a majority that has taken an epoch; null when there is no majority. */
    private String best(long atEpoch, Draws draws) {
        if (!majority(atEpoch)) {
            return null;
        }
        List<String> candidates = new ArrayList<>(members.stream()
                .filter(id -> votes(id, atEpoch))
                .filter(id -> !cluster.nodes().get(id).powerGone())
                .toList());
        Comparator<String> byRank =
                Comparator.comparing(id -> ledger.rank(cluster.nodes().get(id)), Arrays::compare);
        long[] furthest = candidates.stream()
                .max(byRank)
                .map(id -> ledger.rank(cluster.nodes().get(id)))
                .orElseThrow();
        if (candidates.stream().noneMatch(id -> begins(id) && isAt(furthest, id))) {
            candidates.removeIf(id -> !begins(id)); // nothing was ever acknowledged
        } else {
            candidates.removeIf(id -> !begins(id) || !isAt(furthest, id));
        }
        return candidates.isEmpty() ? null : candidates.get(draws.below(candidates.size()));
    }

    private boolean isAt(long[] rank, String nodeId) {
        return Arrays.equals(rank, ledger.rank(cluster.nodes().get(nodeId)));
    }

    /** Whether a node would begin as the primary: a copy with nothing refuses to where there was something. */
    private boolean begins(String nodeId) {
        return counts(nodeId) || cluster.log().end(Topics.wal(spec.volumeId())) == 0;
    }

    private boolean majority(long atEpoch) {
        return sets.stream()
                .allMatch(set -> set.stream().filter(id -> votes(id, atEpoch)).count() >= set.size() / 2 + 1);
    }

    /** Whether a copy can be asked, and is worth asking. */
    private boolean votes(String nodeId, long atEpoch) {
        SimulatedNode node = cluster.nodes().get(nodeId);
        return node.link().open()
                && !lostTheirDisk.contains(nodeId)
                && status(nodeId).filter(s -> s.epoch() >= atEpoch).isPresent()
                && ledger.rank(node) != null;
    }

    private boolean await(BooleanSupplier condition, Duration limit) {
        long deadline = cluster.time().now() + limit.toNanos();
        while (!condition.getAsBoolean() && cluster.time().now() < deadline) {
            cluster.time().sleep(LOOK);
        }
        return condition.getAsBoolean();
    }

    // ----------------------------------------------------------------- watching

    /**
     * Whether a member's disk may be lost now: all other copies hold what they ever held. Those of a lost primary must also
     * hold something, or none of them may become one, and none may be about to be rebuilt from it.
     */
    boolean mayLose(String nodeId) {
        return !busy
                && (!nodeId.equals(primary) || replicasStandAlone())
                && !lostTheirDisk.contains(nodeId)
                && members.stream()
                        .filter(id -> !id.equals(nodeId))
                        .allMatch(id -> !lostTheirDisk.contains(id) && votes(id, epoch))
                && sets.stream().allMatch(set -> set.size() > 2)
                && sets.size() == 1;
    }

    private boolean replicasStandAlone() {
        for (ReplicaView replica : cluster.overview(spec.volumeId()).replicas()) {
            if (replica.session().live()) {
                return false;
            }
        }
        return members.stream().filter(id -> !id.equals(primary)).allMatch(this::counts);
    }

    void lost(String nodeId) {
        lostTheirDisk.add(nodeId);
    }

    /** Moves the volume when its primary is of no use any more. */
    void tend(Draws draws) {
        settle();
        if (busy) {
            return;
        }
        boolean useful = serves() && status(primary).orElseThrow().laneTail() > 0; // 0: it never began to ship
        long now = cluster.time().now();
        uselessSince = useful ? Long.MAX_VALUE : Math.min(uselessSince, now);
        if (!useful && now - uselessSince > USELESS_NANOS) {
            failover(draws);
        }
    }

    /** Whether the newest epoch's primary is one. */
    private boolean serves() {
        return status(primary)
                .filter(s -> s.recoverable() && s.epoch() == epoch && s.role().equals("primary"))
                .isPresent();
    }

    private Optional<HostedStatus> status(String nodeId) {
        SimulatedNode node = cluster.nodes().get(nodeId);
        return node == null ? Optional.empty() : node.volume(spec.volumeId()).map(HostedVolume::status);
    }
}
