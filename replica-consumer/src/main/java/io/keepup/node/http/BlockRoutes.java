package io.keepup.node.http;

import io.keepup.node.event.FaultReport;
import io.keepup.node.hosting.HostedVolume;
import io.keepup.node.hosting.NotServedException;
import io.keepup.node.hosting.VolumeHost;
import io.keepup.service.http.Answer;
import io.keepup.service.http.Query;
import io.keepup.service.http.Request;
import io.keepup.service.http.RequestException;
import io.keepup.service.http.Routes;
import io.keepup.volume.VolumeSpec;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;

/**
 * Routes of the data address.
 *
 * <pre>
 * GET    /volumes                                all volumes, and those that are not served
 * GET    /volumes/{id}                           status
 * GET    /volumes/{id}/digest                    SHA-256 over the whole volume
 * GET    /volumes/{id}/blocks/{lba}?count=N      N blocks (1) as bytes
 * PUT    /volumes/{id}/blocks/{lba}              writes the body, whole blocks; answers when durable here
 *            ?barrier=quorum&amp;timeoutMs=N            … when durable on a majority, within N ms (10,000)
 * DELETE /volumes/{id}/blocks/{lba}?count=N      trims N blocks (1); as PUT
 * POST   /volumes/{id}/flush                     all data into the extent
 * POST   /volumes/{id}/trim-wal?upTo=LSN         drops WAL, all that nobody needs when there is no LSN
 * </pre>
 *
 * All of a request is looked at before anything is written: one that is refused has changed nothing.
 */
final class BlockRoutes {

    private static final String VOLUME = "/volumes/{id}";
    private static final String BLOCKS = "/volumes/{id}/blocks/{lba}";
    private static final String COUNT = "count";
    private static final String BARRIER = "barrier";
    private static final String TIMEOUT = "timeoutMs";
    private static final String UP_TO = "upTo";
    private static final String LOCAL = "local";
    private static final String QUORUM = "quorum";

    private static final long DEFAULT_BARRIER_MS = 10_000;
    private static final long MAX_BARRIER_MS = Duration.ofHours(1).toMillis();

    private final VolumeHost volumes;
    private final int maxBytes;

    BlockRoutes(VolumeHost volumes, int maxBytes) {
        this.volumes = volumes;
        this.maxBytes = maxBytes;
    }

    void addTo(Routes routes) {
        routes.get("/volumes", Query.NONE, request -> list())
                .get(VOLUME, Query.NONE, json(HostedVolume::status))
                .get(VOLUME + "/digest", Query.NONE, json(HostedVolume::digest))
                .get(BLOCKS, Query.of(COUNT), this::read)
                .on("PUT", BLOCKS, Query.of(BARRIER, TIMEOUT), this::write)
                .on("DELETE", BLOCKS, Query.of(COUNT, BARRIER, TIMEOUT), this::trim)
                .on("POST", VOLUME + "/flush", Query.NONE, json(volume -> Map.of("checkpointLsn", volume.flush())))
                .on("POST", VOLUME + "/trim-wal", Query.of(UP_TO), this::trimWal);
    }

    private Answer list() {
        Map<String, String> notServed = new TreeMap<>();
        volumes.notServed().forEach((id, why) -> notServed.put(id, why.fault() + ": " + why.detail()));
        return Answer.json(
                200,
                Map.of(
                        "volumes",
                        volumes.volumes().stream().map(HostedVolume::status).toList(),
                        "notServed",
                        notServed));
    }

    private Routes.Handler json(Function<HostedVolume, Object> answer) {
        return request -> Answer.json(200, answer.apply(volume(request)));
    }

    private Answer read(Request request) {
        HostedVolume volume = volume(request);
        Range range = range(request, volume.spec(), maxBytes / volume.spec().blockSize());
        ByteBuffer blocks =
                ByteBuffer.allocate(Math.toIntExact(range.count * volume.spec().blockSize()));
        volume.read(range.lba, blocks);
        return Answer.ok("application/octet-stream", blocks.array());
    }

    private Answer write(Request request) {
        HostedVolume volume = volume(request);
        Durability asked = Durability.of(request);
        VolumeSpec spec = volume.spec();
        byte[] body = request.body(maxBytes);
        if (body.length == 0 || body.length % spec.blockSize() != 0) {
            throw RequestException.bad("the body has %s bytes: send whole blocks of %s bytes, one or more"
                    .formatted(body.length, spec.blockSize()));
        }
        Range range = Range.of(request, spec, body.length / spec.blockSize());
        return confirm(volume, asked, volume.write(range.lba, ByteBuffer.wrap(body)));
    }

    private Answer trim(Request request) {
        HostedVolume volume = volume(request);
        Durability asked = Durability.of(request);
        Range range = range(request, volume.spec(), Integer.MAX_VALUE);
        return confirm(volume, asked, volume.trim(range.lba, Math.toIntExact(range.count)));
    }

    private static Range range(Request request, VolumeSpec spec, int most) {
        return Range.of(request, spec, request.number(COUNT, 1, most, 1));
    }

    /** Blocks that are all in the volume. */
    private record Range(long lba, long count) {
        static Range of(Request request, VolumeSpec spec, long count) {
            long blocks = spec.sizeBytes() / spec.blockSize();
            long lba = request.pathNumber("lba", 0, blocks - 1);
            if (count > blocks - lba) {
                throw RequestException.bad("%s blocks from block %s on are not all in volume %s: its last block is %s"
                        .formatted(count, lba, spec.volumeId(), blocks - 1));
            }
            return new Range(lba, count);
        }
    }

    /** How durable a write must be before it is answered. */
    private record Durability(boolean quorum, Duration limit) {
        static Durability of(Request request) {
            return new Durability(
                    request.word(BARRIER, LOCAL, QUORUM).equals(QUORUM),
                    Duration.ofMillis(request.number(TIMEOUT, 1, MAX_BARRIER_MS, DEFAULT_BARRIER_MS)));
        }
    }

    private static Answer confirm(HostedVolume volume, Durability asked, long lsn) {
        volume.awaitDurable(lsn);
        if (asked.quorum && !volume.awaitBarrier(lsn, asked.limit)) {
            String message =
                    "LSN %s of volume %s is durable here, but not on a majority within %s ms: look at its replicas"
                            .formatted(lsn, volume.volumeId(), asked.limit.toMillis());
            return Answer.json(504, Map.of("error", "NO_QUORUM", "message", message, "lsn", lsn));
        }
        LockSupport.parkNanos(volume.pressure().toNanos());
        return Answer.json(200, Map.of("lsn", lsn, "durable", asked.quorum ? QUORUM : LOCAL));
    }

    private Answer trimWal(Request request) {
        long upTo = request.number(UP_TO, 0, Long.MAX_VALUE, Long.MAX_VALUE);
        return Answer.json(200, Map.of("walTail", volume(request).trimWal(upTo)));
    }

    private HostedVolume volume(Request request) {
        String id = request.path("id");
        return volumes.volume(id).orElseThrow(() -> {
            FaultReport why = volumes.notServed().get(id);
            return new NotServedException(
                    NotServedException.Reason.UNKNOWN_VOLUME,
                    why == null
                            ? "this node has no volume '%s'".formatted(id)
                            : "volume %s is not served: %s".formatted(id, why.detail()));
        });
    }
}
