package io.keepup.streams.audit.verify;

import com.fasterxml.jackson.databind.JsonNode;
import io.keepup.engine.Engine;
import io.keepup.schemas.codec.CloudEventHeaders;
import io.keepup.schemas.codec.RecordJson;
import io.keepup.streams.audit.AuditLog;
import io.keepup.streams.audit.Cause;
import io.keepup.streams.audit.KeyText;
import io.keepup.streams.audit.Place;
import io.keepup.streams.audit.verify.Difference.Detail;
import io.keepup.streams.audit.verify.Difference.Kind;
import io.keepup.streams.fold.Output;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.Headers;

/** Says how records differ, once it is known that they do: looks at them again and pairs them by their ids. */
final class Differences {

    private final AuditLog log;
    private final Reading reading;
    private final Newest newest;

    /** Volumes of which another engine's output differs: what follows there may differ for that reason alone. */
    private final Set<String> otherRules = new HashSet<>();

    Differences(AuditLog log, Reading reading, Newest newest) {
        this.log = log;
        this.reading = reading;
        this.newest = newest;
    }

    /** In the order of the conflicts. */
    List<Difference> of(Collection<Conflict> conflicts) {
        Map<Place, ConsumerRecord<byte[], byte[]>> records = new HashMap<>();
        List<Place> places = conflicts.stream()
                .flatMap(c -> c.found().stream())
                .map(Found::place)
                .toList();
        if (!places.isEmpty()) {
            log.fetch(places).forEach(record -> records.put(Place.of(record), record));
        }
        List<Difference> differences = new ArrayList<>();
        for (Conflict conflict : conflicts) {
            List<Output> missing = new ArrayList<>(conflict.missing());
            for (Found found : conflict.found()) {
                ConsumerRecord<byte[], byte[]> record = records.get(found.place());
                if (record != null) { // else compaction took it meanwhile
                    differences.add(besides(conflict, found, record, missing));
                }
            }
            missing.forEach(output -> differences.add(missing(conflict, output)));
        }
        return differences;
    }

    private Difference missing(Conflict conflict, Output output) {
        return new Difference(
                Kind.MISSING,
                conflict.volumeId(),
                output.topic(),
                null,
                conflict.cause(),
                output.type(),
                KeyText.of(output.key(), output.headers()),
                KeyText.of(id(output.headers())),
                ofVersion(conflict.volumeId(), conflict.version()),
                conflict.version(),
                List.of());
    }

    /** A record beside those expected: another wording of one, or the same once more, or one that nothing led to. */
    private Difference besides(
            Conflict conflict, Found found, ConsumerRecord<byte[], byte[]> record, List<Output> missing) {
        String id = id(record.headers());
        Output twin = conflict.expected().stream()
                .filter(output ->
                        output.topic().equals(record.topic()) && !id.isEmpty() && id.equals(id(output.headers())))
                .findFirst()
                .orElse(null);
        List<Detail> details = twin == null ? List.of() : details(record, twin);
        Kind kind = twin == null ? Kind.EXTRA : details.isEmpty() ? Kind.DOUBLED : Kind.ALTERED;
        if (twin != null && missing.remove(twin) && details.isEmpty()) {
            kind = Kind.ALTERED; // the same, in a place where it does not belong
            details = List.of(new Detail("place", record.topic() + " " + record.partition(), "where its key leads"));
        }
        if (twin != null && Newest.watches(twin.topic())) {
            newest.seen(twin);
        }
        Reading.Read read = reading.read(record);
        SpecificRecord said = reading.decoded(record.value());
        String volumeId = conflict.volumeId() != null ? conflict.volumeId() : read.volumeId();
        return new Difference(
                kind,
                volumeId == null ? "" : KeyText.of(volumeId),
                record.topic(),
                found.place(),
                Cause.of(record.headers()).map(Cause::offset).orElse(-1L),
                said == null ? "" : said.getSchema().getName(),
                KeyText.of(record.key(), record.headers()),
                KeyText.of(id),
                kind != Kind.DOUBLED && ofVersion(volumeId, found.version()),
                found.version(),
                details);
    }

    private boolean ofVersion(String volumeId, int version) {
        if (version >= 0 && version != Engine.VERSION) {
            otherRules.add(volumeId);
        }
        return otherRules.contains(volumeId);
    }

    // ------------------------------------------------------- what differs

    private List<Detail> details(ConsumerRecord<byte[], byte[]> record, Output output) {
        List<Detail> details = new ArrayList<>();
        if (!Arrays.equals(record.key(), output.key())) {
            details.add(new Detail("key", text(record.key()), text(output.key())));
        }
        byte[] comparable = reading.read(record).value();
        if (!Arrays.equals(comparable, output.value())) {
            values(comparable, output.value(), details);
        }
        headers(record.headers(), output.headers(), details);
        return details;
    }

    private void values(byte[] onTopic, byte[] byReplay, List<Detail> details) {
        SpecificRecord here = onTopic == null ? null : reading.decoded(onTopic);
        SpecificRecord there = reading.decoded(byReplay);
        if (here == null || there == null || !here.getSchema().equals(there.getSchema())) {
            details.add(new Detail("value", name(here, onTopic), name(there, byReplay)));
            return;
        }
        Map<String, String> left = new LinkedHashMap<>();
        Map<String, String> right = new LinkedHashMap<>();
        flatten("", RecordJson.of(here), left);
        flatten("", RecordJson.of(there), right);
        int before = details.size();
        Set<String> fields = new TreeSet<>(left.keySet());
        fields.addAll(right.keySet());
        for (String field : fields) {
            String a = left.getOrDefault(field, "-");
            String b = right.getOrDefault(field, "-");
            if (!a.equals(b)) {
                details.add(new Detail(field, a, b));
            }
        }
        if (details.size() == before) { // the same fields, written another way
            details.add(new Detail("value", bytes(onTopic), bytes(byReplay)));
        }
    }

    private static String name(SpecificRecord record, byte[] value) {
        return record == null ? bytes(value) : record.getSchema().getName();
    }

    private static String bytes(byte[] value) {
        return value == null
                ? "no value"
                : String.format(Locale.ROOT, "%d bytes, hash %08x", value.length, Arrays.hashCode(value));
    }

    private static void flatten(String path, JsonNode node, Map<String, String> into) {
        if (node.isObject()) {
            for (Map.Entry<String, JsonNode> field : node.properties()) {
                flatten(path.isEmpty() ? field.getKey() : path + "." + field.getKey(), field.getValue(), into);
            }
        } else if (node.isArray()) {
            for (int i = 0; i < node.size(); i++) {
                flatten(path + "[" + i + "]", node.get(i), into);
            }
        } else {
            into.put(path, node.asText());
        }
    }

    private static void headers(Headers onTopic, Headers byReplay, List<Detail> details) {
        List<String> here = mattering(onTopic);
        List<String> there = mattering(byReplay);
        if (here.equals(there)) {
            return;
        }
        List<String> only = new ArrayList<>(here);
        only.removeAll(there);
        List<String> other = new ArrayList<>(there);
        other.removeAll(here);
        details.add(new Detail("headers", String.join(", ", only), String.join(", ", other)));
    }

    private static List<String> mattering(Headers headers) {
        List<String> all = new ArrayList<>();
        for (Header header : headers) {
            if (Fingerprint.matters(header.key())) {
                all.add(header.key() + "=" + text(header.value()));
            }
        }
        return all;
    }

    private static String id(Headers headers) {
        String id = Cause.text(headers, CloudEventHeaders.ID);
        return id == null ? "" : id;
    }

    private static String text(byte[] bytes) {
        return bytes == null ? "" : new String(bytes, StandardCharsets.UTF_8);
    }
}
