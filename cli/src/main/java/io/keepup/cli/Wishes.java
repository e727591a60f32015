package io.keepup.cli;

import io.keepup.schemas.topic.Names;
import io.keepup.v1.CancelRequested;
import io.keepup.v1.Meta;
import io.keepup.v1.RebuildRequested;
import io.keepup.v1.ReplicaView;
import io.keepup.v1.SessionState;
import io.keepup.v1.VolumeProjection;
import java.time.Instant;
import java.util.Locale;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.producer.Producer;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** What an operator may wish of a volume's recovery; a wish is an event like every other, so it is audited and replayed. */
abstract sealed class Wishes implements Runnable {

    @Spec
    CommandSpec spec;

    @Mixin
    ClusterOptions cluster;

    @Option(names = "--why", required = true, paramLabel = "TEXT", description = "The reason; it stays on the log.")
    String why;

    /** {@code keepup rebuild VOLUME REPLICA}. */
    @Command(
            name = "rebuild",
            description = "Have a replica rebuilt from its primary, wherever it stands.",
            mixinStandardHelpOptions = true)
    static final class Rebuild extends Wishes {
        @Parameters(index = "0", paramLabel = "VOLUME", description = "Volume id.")
        private String volumeId;

        @Parameters(index = "1", paramLabel = "REPLICA", description = "Node id of the replica.")
        private String replicaId;

        @Override
        public void run() {
            VolumeProjection volume = volume(volumeId);
            replica(volume, replicaId);
            publish(new RebuildRequested(meta(volume), replicaId, why));
            System.out.printf(
                    Locale.ROOT,
                    "a rebuild of %s is wished for; 'keepup events %s --follow' shows what comes of it%n",
                    replicaId,
                    volumeId);
        }
    }

    /** {@code keepup cancel VOLUME/SESSION}. */
    @Command(
            name = "cancel",
            description = "End a live session; the next facts decide what follows.",
            mixinStandardHelpOptions = true)
    static final class Cancel extends Wishes {
        private static final Pattern FORM = Pattern.compile("(.+)/(\\d{1,18})");

        @Parameters(
                paramLabel = "SESSION",
                description = "Volume and session id, such as vol-1/7; 'keepup status VOLUME' shows them.")
        private String session;

        @Override
        public void run() {
            Matcher form = FORM.matcher(session);
            if (!form.matches()) {
                throw new ParameterException(
                        spec.commandLine(), "'%s' is not a session: write it like vol-1/7".formatted(session));
            }
            String volumeId = form.group(1);
            long sessionId = Long.parseLong(form.group(2));
            VolumeProjection volume = volume(volumeId);
            ReplicaView replica = volume.getReplicas().stream()
                    .filter(r -> r.getSession().getSessionId() == sessionId && live(r))
                    .findFirst()
                    .orElseThrow(() -> new Failure("%s has no live session %s: see 'keepup status %s'"
                            .formatted(volumeId, sessionId, volumeId)));
            publish(new CancelRequested(meta(volume), replica.getReplicaId(), sessionId, why));
            System.out.printf(
                    Locale.ROOT,
                    "an end of session %d of %s is wished for; 'keepup events %s --follow' shows what comes of it%n",
                    sessionId,
                    replica.getReplicaId(),
                    volumeId);
        }

        private static boolean live(ReplicaView replica) {
            SessionState state = replica.getSession().getState();
            return state == SessionState.issued || state == SessionState.running;
        }
    }

    VolumeProjection volume(String volumeId) {
        if (!Names.valid(volumeId)) {
            throw new ParameterException(
                    spec.commandLine(), "'%s' is not a volume id: use %s".formatted(volumeId, Names.RULE_IN_WORDS));
        }
        cluster.requireBroker();
        VolumeProjection volume = Projections.of(cluster, volumeId);
        if (volume == null) {
            throw new Failure("no volume %s: 'keepup status' lists them".formatted(volumeId));
        }
        if (volume.getPrimaryId().isEmpty()) {
            throw new Failure("volume %s has no primary: 'keepup assign' gives it one".formatted(volumeId));
        }
        return volume;
    }

    static void replica(VolumeProjection volume, String replicaId) {
        if (volume.getReplicas().stream().noneMatch(r -> r.getReplicaId().equals(replicaId))) {
            throw new Failure("%s is no replica of %s: see 'keepup status %s'"
                    .formatted(
                            replicaId,
                            volume.getMeta().getVolumeId(),
                            volume.getMeta().getVolumeId()));
        }
    }

    /** Addressed to the primary's view, under its epoch. */
    static Meta meta(VolumeProjection volume) {
        return new Meta(
                UUID.randomUUID().toString(),
                volume.getMeta().getVolumeId(),
                volume.getPrimaryId(),
                volume.getMeta().getEpoch(),
                Instant.now(),
                EventLog.operator());
    }

    void publish(SpecificRecord wish) {
        try (Producer<byte[], byte[]> producer = cluster.producer()) {
            EventLog.publish(producer, cluster.codec(), wish);
        }
    }
}
