package io.keepup.streams.http;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.keepup.schemas.codec.RecordJson;
import io.keepup.v1.Meta;
import io.keepup.v1.VolumeProjection;
import java.util.Collection;

/** Volumes as the API gives them: the fields of the projection, with what matters of its meta in front. */
final class VolumeJson {

    private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

    private VolumeJson() {}

    /** {@code {"volumes": [...]}}. */
    static ObjectNode all(Collection<VolumeProjection> volumes) {
        ObjectNode json = JSON.objectNode();
        ArrayNode list = json.putArray("volumes");
        volumes.forEach(v -> list.add(of(v)));
        return json;
    }

    static ObjectNode of(VolumeProjection volume) {
        Meta meta = volume.getMeta();
        ObjectNode json = JSON.objectNode()
                .put("volumeId", meta.getVolumeId())
                .put("epoch", meta.getEpoch())
                .put("occurredAt", meta.getOccurredAt().toString());
        ObjectNode fields = RecordJson.of(volume);
        fields.remove("meta");
        return json.setAll(fields);
    }

    /** {@code {"volumeId": id}}: all there is to say of a volume that went. */
    static ObjectNode removed(String volumeId) {
        return JSON.objectNode().put("volumeId", volumeId);
    }
}
