package io.keepup.cli;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.keepup.engine.Engine;
import io.keepup.engine.Policy;
import io.keepup.engine.VolumeOverview;
import io.keepup.engine.state.VolumeState;
import io.keepup.schemas.codec.RecordJson;
import io.keepup.streams.fold.Ruling;
import io.keepup.streams.mapping.ProjectionMapping;
import io.keepup.streams.state.StateCodec;
import io.keepup.v1.Meta;
import io.keepup.v1.VolumeProjection;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.Base64;
import java.util.HexFormat;
import java.util.Locale;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/** A volume as it stood after the last event taken. */
final class StateThen {

    private final String volumeId;
    private final Policy policy;
    private ConsumerRecord<byte[], byte[]> last;
    private Ruling ruling;

    StateThen(String volumeId, Policy policy) {
        this.volumeId = volumeId;
        this.policy = policy;
    }

    void take(ConsumerRecord<byte[], byte[]> event, Ruling cameToThis) {
        last = event;
        ruling = cameToThis;
    }

    /** Prints the volume like {@code status} would have, and the digest of the bytes that the app had stored. */
    void print(VolumeState state, boolean json) {
        if (last == null) {
            throw new Failure("there was no event of %s yet then".formatted(volumeId));
        }
        byte[] stored = new StateCodec().encode(state);
        Instant at = Instant.ofEpochMilli(last.timestamp());
        Meta meta = new Meta("", volumeId, state.primaryId(), state.epoch(), at, "engine/" + policy.name());
        VolumeProjection projection = ProjectionMapping.toWire(VolumeOverview.of(policy, state), meta);
        String type =
                ruling.said() == null ? "no event" : ruling.said().getSchema().getName();
        if (json) {
            ObjectNode object = JsonNodeFactory.instance
                    .objectNode()
                    .put("partition", last.partition())
                    .put("offset", last.offset())
                    .put("time", at.toString())
                    .put("type", type)
                    .put("engineVersion", Engine.VERSION);
            object.set("projection", RecordJson.of(projection));
            System.out.println(object.put("state", Base64.getEncoder().encodeToString(stored))
                    .put("sha256", sha256(stored))
                    .toPrettyString());
            return;
        }
        System.out.println(StatusCommand.details(projection));
        System.out.printf(
                Locale.ROOT,
                "%nafter event %d:%d, %s, which Kafka got at %s%n",
                last.partition(),
                last.offset(),
                type,
                at);
        System.out.printf(Locale.ROOT, "stored state: %d bytes, SHA-256 %s%n", stored.length, sha256(stored));
    }

    private static String sha256(byte[] bytes) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e); // every JDK has it
        }
    }
}
