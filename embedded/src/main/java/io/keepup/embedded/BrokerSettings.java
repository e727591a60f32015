package io.keepup.embedded;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/** Settings of a broker that is the whole cluster and shares its JVM, its memory and two cores with the application. */
final class BrokerSettings {

    static final int NODE_ID = 1;
    static final String CLIENT_LISTENER = "CLIENT";
    static final String CONTROLLER_LISTENER = "CONTROLLER";

    /** Largest record batch taken, bytes: a 1 MiB block with room, and a poison record of 10 MB that must be kept whole. */
    static final int MAX_MESSAGE_BYTES = 16 << 20;

    private BrokerSettings() {}

    /**
     * The broker's settings.
     *
     * @param overrides settings of the caller, which win (TLS, SASL, quotas and the like)
     */
    static Map<String, String> of(
            Path logDirectory, int clientPort, int controllerPort, Map<String, String> overrides) {
        Map<String, String> settings = new LinkedHashMap<>();
        identity(settings, logDirectory, clientPort, controllerPort);
        oneNode(settings);
        latencyAndRecovery(settings);
        storage(settings);
        modestMemoryAndThreads(settings);
        settings.putAll(overrides);
        return settings;
    }

    private static void identity(Map<String, String> settings, Path logDirectory, int clientPort, int controllerPort) {
        String client = CLIENT_LISTENER + "://" + LoopbackSockets.HOST + ":" + clientPort;
        String controller = CONTROLLER_LISTENER + "://" + LoopbackSockets.HOST + ":" + controllerPort;
        settings.put("node.id", Integer.toString(NODE_ID));
        settings.put("process.roles", "broker,controller");
        settings.put("listeners", client + "," + controller);
        settings.put("advertised.listeners", client);
        settings.put(
                "listener.security.protocol.map", CLIENT_LISTENER + ":PLAINTEXT," + CONTROLLER_LISTENER + ":PLAINTEXT");
        settings.put("inter.broker.listener.name", CLIENT_LISTENER);
        settings.put("controller.listener.names", CONTROLLER_LISTENER);
        settings.put("controller.quorum.voters", NODE_ID + "@" + LoopbackSockets.HOST + ":" + controllerPort);
        settings.put("log.dirs", logDirectory.toString());
    }

    private static void oneNode(Map<String, String> settings) {
        settings.put("default.replication.factor", "1");
        settings.put("min.insync.replicas", "1");
        settings.put("offsets.topic.replication.factor", "1");
        settings.put("transaction.state.log.replication.factor", "1");
        settings.put("transaction.state.log.min.isr", "1");
        settings.put("share.coordinator.state.topic.replication.factor", "1");
        settings.put("share.coordinator.state.topic.min.isr", "1");
        // One broker gains nothing from 50 partitions of each: they only cost files and start time.
        settings.put("offsets.topic.num.partitions", "4");
        settings.put("transaction.state.log.num.partitions", "4");
        settings.put("share.coordinator.state.topic.num.partitions", "2");
        // A topic made by a typo would take part in the protocol with the wrong partitions and policy.
        settings.put("auto.create.topics.enable", "false");
    }

    private static void latencyAndRecovery(Map<String, String> settings) {
        settings.put("group.initial.rebalance.delay.ms", "0");
        // The work of a member that died waits for its session's end: a client may ask for less than the usual 6 s.
        settings.put("group.min.session.timeout.ms", "1000");
        settings.put("add.partitions.to.txn.retry.backoff.ms", "1");
        // A transaction that begins while the one before it ends waits here. By default its first batch is refused
        // after
        // 100 ms and sent again 100 ms later; those sent behind it come without it, and are refused as out of sequence.
        settings.put("add.partitions.to.txn.retry.backoff.max.ms", "5000");
        // After kill -9 the controller lets the broker back only when its old session is over.
        settings.put("broker.session.timeout.ms", "2000");
        settings.put("broker.heartbeat.interval.ms", "500");
        // A killed producer's open transaction blocks read_committed readers until it is aborted; look for such often.
        settings.put("transaction.abort.timed.out.transaction.cleanup.interval.ms", "1000");
        // An idle cluster need not write a no-op twice a second.
        settings.put("metadata.max.idle.interval.ms", "5000");
    }

    private static void storage(Map<String, String> settings) {
        settings.put("message.max.bytes", Integer.toString(MAX_MESSAGE_BYTES));
        // Nothing is dropped behind anyone's back: only a topic's own settings limit its age and size.
        settings.put("log.retention.ms", "-1");
        // Small segments bound what is scanned after kill -9; indexes are sized for them (a mapping each, per
        // partition).
        settings.put("log.segment.bytes", Integer.toString(256 << 20));
        settings.put("log.index.size.max.bytes", Integer.toString(1 << 20));
        settings.put("num.recovery.threads.per.data.dir", "2");
        // Deleted records give their space back when the broker looks, and the base lane deletes as it goes.
        settings.put("log.retention.check.interval.ms", "500");
        settings.put("log.initial.task.delay.ms", "500");
    }

    private static void modestMemoryAndThreads(Map<String, String> settings) {
        settings.put("log.cleaner.dedupe.buffer.size", Integer.toString(8 << 20));
        settings.put("num.network.threads", "2");
        settings.put("num.io.threads", "4");
        settings.put("background.threads", "2");
        settings.put("group.coordinator.threads", "1");
        settings.put("share.coordinator.threads", "1");
        settings.put("queued.max.requests", "128");
    }
}
