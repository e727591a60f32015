package io.keepup.cli.demo;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.keepup.cli.Failure;
import io.keepup.cli.rig.SessionLog;
import io.keepup.v1.Rejected;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.SortedMap;

/**
 * What the demo ends with.
 *
 * @param digests SHA-256 of each copy, by node
 * @param seconds from start to proof
 */
record Outcome(
        SortedMap<String, String> digests, List<SessionLog.Session> sessions, List<Rejected> rejected, double seconds) {

    /** All copies are there and hold the same data. */
    boolean equal() {
        return digests.size() == DemoStory.NODES.size() && new HashSet<>(digests.values()).size() == 1;
    }

    /** Writes the report for programs. */
    void write(Path file) {
        ObjectMapper mapper = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);
        ObjectNode report = mapper.createObjectNode();
        report.put("equal", equal());
        ObjectNode copies = report.putObject("digests");
        digests.forEach(copies::put);
        ArrayNode list = report.putArray("sessions");
        for (SessionLog.Session s : sessions) {
            list.addObject()
                    .put("replica", s.replica())
                    .put("kind", s.kind().toString())
                    .put("why", s.why())
                    .put("outcome", s.outcome())
                    .put("seconds", s.seconds())
                    .put("baseBytes", s.baseBytes())
                    .put("walBytes", s.walBytes())
                    .put("zeroBytes", s.zeroBytes())
                    .put("skippedBlocks", s.skippedBlocks());
        }
        ArrayNode refused = report.putArray("rejected");
        for (Rejected r : rejected) {
            refused.addObject()
                    .put("reason", r.getReason().toString())
                    .put("detail", r.getDetail())
                    .put("topic", r.getTopic())
                    .put("partition", r.getPartition())
                    .put("offset", r.getOffset());
        }
        report.put("seconds", seconds);
        try {
            Files.writeString(file, mapper.writeValueAsString(report) + System.lineSeparator());
        } catch (IOException e) {
            throw new Failure("cannot write the report to %s: %s".formatted(file, e.getMessage()), e);
        }
    }
}
