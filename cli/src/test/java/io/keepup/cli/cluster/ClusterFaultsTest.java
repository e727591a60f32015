package io.keepup.cli.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.keepup.cli.CommandRun;
import io.keepup.cli.rig.SessionLog.Session;
import io.keepup.v1.AckKind;
import io.keepup.v1.SessionKind;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * One kind of fault after the other on a real cluster, each while a workload writes and a rebuild is under way. Then nothing
 * acknowledged is lost, every recovery has ended, all copies are equal and the audit proves every record the fold wrote.
 * {@code -Dkeepup.faults=N} strikes N times a kind.
 */
@Timeout(3000)
class ClusterFaultsTest {

    private static final int FAULTS = Integer.getInteger("keepup.faults", 2);

    @TempDir
    private static Path directory;

    private static RealCluster cluster;

    /** Strikes, sees that it has, and mends it. */
    private interface Fault {
        void strike(int turn) throws Exception;
    }

    @BeforeAll
    static void start() throws Exception {
        Docker.require();
        long seed = System.nanoTime();
        System.out.println("cluster faults: seed " + seed);
        cluster = RealCluster.start(directory, seed);
    }

    @AfterAll
    static void stop() {
        if (cluster != null) {
            cluster.close();
        }
    }

    @Test
    void brokers_killed() throws Exception {
        underLoad("broker killed", turn -> {
            Broker broker = cluster.brokers().get(turn);
            broker.kill();
            cluster.brokers().awaitWithout(broker);
            cluster.awaitWritten("writes without broker " + broker.id(), 50);
            broker.startAgain();
        });
    }

    @Test
    void brokers_paused() throws Exception {
        underLoad("broker paused", turn -> {
            Broker broker = cluster.brokers().get(turn);
            broker.pause();
            try {
                cluster.brokers().awaitWithout(broker);
                cluster.awaitWritten("writes without broker " + broker.id(), 50);
            } finally {
                broker.resume();
            }
        });
    }

    @Test
    void brokers_cut_off_from_the_others() throws Exception {
        underLoad("broker cut off", turn -> {
            Broker broker = cluster.brokers().get(turn);
            broker.cut();
            try {
                cluster.brokers().awaitWithout(broker);
                cluster.awaitWritten("writes without broker " + broker.id(), 50);
            } finally {
                broker.mend();
            }
        });
    }

    @Test
    void streams_apps_killed() throws Exception {
        underLoad("Streams app killed", turn -> {
            Member fold = cluster.fold(turn);
            fold.kill();
            awaitFolded();
            fold.start();
            cluster.awaitReady(fold);
        });
    }

    @Test
    void streams_apps_paused() throws Exception {
        underLoad("Streams app paused", turn -> {
            Member fold = cluster.fold(turn);
            fold.pause();
            try {
                awaitFolded();
            } finally {
                fold.resume();
            }
            cluster.awaitReady(fold);
        });
    }

    @Test
    void nodes_killed() throws Exception {
        underLoad("node killed", turn -> {
            Member node = cluster.node(turn);
            node.kill();
            awaitMissed(node);
            node.start();
        });
    }

    @Test
    void nodes_paused() throws Exception {
        underLoad("node paused", turn -> {
            Member node = cluster.node(turn);
            node.pause();
            try {
                awaitMissed(node);
            } finally {
                node.resume();
            }
        });
    }

    // ---------------------------------------------------------------- one round

    private void underLoad(String what, Fault fault) throws Exception {
        try {
            Ledger ledger = cluster.ledger();
            ledger.begin();
            for (int turn = 0; turn < FAULTS; turn++) {
                long doubts = ledger.unanswered();
                Instant begin = Instant.now();
                Session rebuild = rebuildUnderWay(cluster.replica(turn));
                Instant struck = Instant.now();
                fault.strike(turn);
                Instant mended = Instant.now();
                awaitRecovered(rebuild);
                System.out.printf(
                        "cluster faults: %s, turn %d: rebuild %d under way after %s, mended after %s, all well after %s, %d writes"
                                + " without an answer%n",
                        what,
                        turn + 1,
                        rebuild.id(),
                        between(begin, struck),
                        between(struck, mended),
                        between(mended, Instant.now()),
                        ledger.unanswered() - doubts);
            }
            ledger.end();
            prove(what);
        } catch (Exception | Error e) {
            cluster.print();
            throw e;
        }
    }

    /** A replica misses writes and returns when the WAL has none of them any more. */
    private Session rebuildUnderWay(Member replica) throws Exception {
        Set<Long> before = cluster.sessions().stream().map(Session::id).collect(Collectors.toSet());
        replica.stop();
        long last =
                RealCluster.replica(cluster.volume(), replica).getLastSyncAck().getAppliedLsn();
        cluster.awaitWritten("writes that " + replica.name() + " misses", 60);
        await("a WAL that begins after what " + replica.name() + " has")
                .atMost(RealCluster.LIMIT)
                .until(() ->
                        cluster.client().trimWal(Long.MAX_VALUE).path("walTail").asLong() > last + 20);
        replica.start();
        cluster.awaitVolume(
                "a rebuild of " + replica.name(),
                v -> RealCluster.replica(v, replica).getSession().getBaseBlocksDone() > 0
                        && !before.contains(
                                RealCluster.replica(v, replica).getSession().getSessionId())
                        && RealCluster.replica(v, replica).getSession().getKind() == SessionKind.rebuild);
        long session =
                RealCluster.replica(cluster.volume(), replica).getSession().getSessionId();
        return cluster.sessions().stream()
                .filter(s -> s.id() == session)
                .findFirst()
                .orElseThrow();
    }

    /** The recovery that was struck has ended, as have all that followed it, the volume is healthy and its brokers are in step. */
    private void awaitRecovered(Session struck) {
        cluster.brokers().awaitAllInSync();
        cluster.awaitWatch("the end of session " + struck.id(), w -> w.sessions().stream()
                .anyMatch(s -> s.id() == struck.id() && s.outcome() != null));
        cluster.awaitWritten("writes to go on", 20);
        cluster.awaitHealthy();
        cluster.awaitWatch(
                "the end of every session", w -> w.sessions().stream().allMatch(s -> s.outcome() != null));
        // The primary hears of the end with the next sync; a replica that is gone by then leaves it with its pin.
        await("no pin")
                .atMost(RealCluster.LIMIT)
                .until(() -> cluster.client().status().path("pins").isEmpty());
    }

    /** The fold goes on: something written from now on is seen to be proven. */
    private void awaitFolded() {
        long head = cluster.client().status().path("durableLsn").asLong() + 10;
        cluster.awaitVolume("LSN " + head + " proven", v -> v.getDurableLsn() >= head);
    }

    /** It is seen outside that a node says nothing any more. */
    private void awaitMissed(Member node) {
        if (node == cluster.primary()) {
            cluster.awaitVolume("a silent primary", v -> v.getReason().equals("primary_silent"));
        } else {
            cluster.awaitVolume(
                    node.name() + " to be missed",
                    v -> RealCluster.replica(v, node).getLastSyncAck().getAckKind() == AckKind.timed_out);
        }
    }

    private void prove(String what) {
        cluster.awaitHealthy();
        long head = cluster.client().status().path("durableLsn").asLong();
        List<String> digests = IntStream.range(0, 3)
                .mapToObj(i -> cluster.digest(cluster.node(i), head))
                .toList();
        assertThat(Set.copyOf(digests)).as("digests of the copies").hasSize(1);
        cluster.ledger().verify(cluster.client());
        CommandRun audit = cluster.audit();
        assertThat(audit.exit()).as(audit.out() + audit.err()).isZero();
        List<Session> sessions = cluster.sessions();
        assertThat(sessions).allMatch(s -> s.outcome() != null);
        System.out.printf(
                "cluster faults: %s, %d times: head %d, %d writes acknowledged and %d without an answer so far, %d sessions%n%s",
                what,
                FAULTS,
                head,
                cluster.ledger().answered(),
                cluster.ledger().unanswered(),
                sessions.size(),
                audit.out());
    }

    private static String between(Instant from, Instant to) {
        return "%.1f s".formatted(Duration.between(from, to).toMillis() / 1000.0);
    }
}
