package io.keepup.node.http;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.helidon.http.HeaderNames;
import io.helidon.http.NotFoundException;
import io.helidon.http.Status;
import io.helidon.webserver.http.HttpRouting;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import io.keepup.node.hosting.HostedVolume;
import io.keepup.node.hosting.NotServedException;
import io.keepup.node.hosting.VolumeHost;
import io.keepup.volume.VolumeException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Routes of the data address.
 *
 * <pre>
 * GET    /volumes                                all volumes, and those that are not served
 * GET    /volumes/{id}                           status
 * GET    /volumes/{id}/digest                    SHA-256 over the whole volume
 * GET    /volumes/{id}/blocks/{lba}?count=N      N blocks (1) as bytes
 * PUT    /volumes/{id}/blocks/{lba}              writes the body, whole blocks; answers when durable here
 *            ?barrier=quorum&amp;timeoutMs=N            … when durable on a majority
 * DELETE /volumes/{id}/blocks/{lba}?count=N      trims N blocks (1); as PUT
 * POST   /volumes/{id}/flush                     all data into the extent
 * POST   /volumes/{id}/trim-wal?upTo=LSN         drops WAL
 * </pre>
 *
 * Errors are {@code {"error": kind, "message": sentence}}: 400 wrong request, 404 unknown volume, 409 not this node's to
 * do now, 413 too large, 504 barrier not reached in time, 500 the disk failed.
 */
final class BlockRoutes {

    private static final Logger log = LoggerFactory.getLogger(BlockRoutes.class);
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final long DEFAULT_BARRIER_MS = 10_000;

    private final VolumeHost volumes;
    private final int maxBytes;

    BlockRoutes(VolumeHost volumes, int maxBytes) {
        this.volumes = volumes;
        this.maxBytes = maxBytes;
    }

    void addTo(HttpRouting.Builder routing) {
        routing.get("/volumes", this::list)
                .get("/volumes/{id}", json(HostedVolume::status))
                .get("/volumes/{id}/digest", json(HostedVolume::digest))
                .get("/volumes/{id}/blocks/{lba}", this::read)
                .put("/volumes/{id}/blocks/{lba}", this::write)
                .delete("/volumes/{id}/blocks/{lba}", this::trim)
                .post("/volumes/{id}/flush", json(volume -> Map.of("checkpointLsn", volume.flush())))
                .post("/volumes/{id}/trim-wal", this::trimWal)
                .error(
                        NotServedException.class,
                        (req, res, e) -> error(res, status(e), e.reason().name(), e))
                .error(
                        VolumeException.class,
                        (req, res, e) -> error(res, status(e), e.kind().name(), e))
                .error(
                        IllegalArgumentException.class,
                        (req, res, e) -> error(res, Status.BAD_REQUEST_400, "BAD_REQUEST", e))
                .error(NotFoundException.class, (req, res, e) -> error(res, Status.NOT_FOUND_404, "NOT_FOUND", e))
                .error(RuntimeException.class, (req, res, e) -> {
                    log.error("{} failed", req.path(), e);
                    error(res, Status.INTERNAL_SERVER_ERROR_500, "FAILED", e);
                });
    }

    private void list(ServerRequest request, ServerResponse response) {
        send(
                response,
                Status.OK_200,
                Map.of(
                        "volumes",
                        volumes.volumes().stream().map(HostedVolume::status).toList(),
                        "notServed",
                        volumes.unopened()));
    }

    private io.helidon.webserver.http.Handler json(Function<HostedVolume, Object> answer) {
        return (request, response) -> send(response, Status.OK_200, answer.apply(volume(request)));
    }

    private void read(ServerRequest request, ServerResponse response) {
        HostedVolume volume = volume(request);
        long bytes = number(request, "count", 1) * volume.status().blockSize();
        if (bytes <= 0 || bytes > maxBytes) {
            throw new IllegalArgumentException("count must give 1 to %d bytes, not %d".formatted(maxBytes, bytes));
        }
        ByteBuffer blocks = ByteBuffer.allocate((int) bytes);
        volume.read(lba(request), blocks);
        response.header(HeaderNames.CONTENT_TYPE, "application/octet-stream");
        response.send(blocks.array());
    }

    private void write(ServerRequest request, ServerResponse response) {
        HostedVolume volume = volume(request);
        Durability asked = Durability.of(request);
        byte[] body = request.content().as(byte[].class);
        if (body.length == 0) {
            throw new IllegalArgumentException("the body is empty: send whole blocks");
        }
        confirm(response, volume, asked, volume.write(lba(request), ByteBuffer.wrap(body)));
    }

    private void trim(ServerRequest request, ServerResponse response) {
        HostedVolume volume = volume(request);
        Durability asked = Durability.of(request);
        int count = Math.toIntExact(number(request, "count", 1));
        confirm(response, volume, asked, volume.trim(lba(request), count));
    }

    /** How durable a write must be before it is answered; read before anything is written. */
    private record Durability(boolean quorum, Duration limit) {
        static Durability of(ServerRequest request) {
            String barrier = request.query().first("barrier").orElse("local");
            if (!barrier.equals("local") && !barrier.equals("quorum")) {
                throw new IllegalArgumentException("barrier must be local or quorum, not '%s'".formatted(barrier));
            }
            return new Durability(
                    barrier.equals("quorum"), Duration.ofMillis(number(request, "timeoutMs", DEFAULT_BARRIER_MS)));
        }
    }

    private static void confirm(ServerResponse response, HostedVolume volume, Durability asked, long lsn) {
        volume.awaitDurable(lsn);
        if (asked.quorum && !volume.awaitBarrier(lsn, asked.limit)) {
            String message =
                    "LSN %d of volume %s is durable here, but not on a majority within %d ms: look at its replicas"
                            .formatted(lsn, volume.volumeId(), asked.limit.toMillis());
            send(response, Status.GATEWAY_TIMEOUT_504, Map.of("error", "NO_QUORUM", "message", message, "lsn", lsn));
            return;
        }
        LockSupport.parkNanos(volume.pressure().toNanos());
        send(response, Status.OK_200, Map.of("lsn", lsn, "durable", asked.quorum ? "quorum" : "local"));
    }

    private void trimWal(ServerRequest request, ServerResponse response) {
        long upTo = number(request, "upTo", Long.MAX_VALUE);
        send(response, Status.OK_200, Map.of("walTail", volume(request).trimWal(upTo)));
    }

    private HostedVolume volume(ServerRequest request) {
        String id = request.path().pathParameters().get("id");
        return volumes.volume(id)
                .orElseThrow(() -> new NotServedException(
                        NotServedException.Reason.UNKNOWN_VOLUME,
                        volumes.unopened().containsKey(id)
                                ? "volume %s is not served: %s"
                                        .formatted(id, volumes.unopened().get(id))
                                : "this node has no volume '%s'".formatted(id)));
    }

    private static long lba(ServerRequest request) {
        return parse("lba", request.path().pathParameters().get("lba"));
    }

    private static long number(ServerRequest request, String name, long defaultValue) {
        return request.query().first(name).map(text -> parse(name, text)).orElse(defaultValue);
    }

    private static long parse(String name, String text) {
        try {
            return Long.parseLong(text);
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException("%s must be a number, not '%s'".formatted(name, text), e);
        }
    }

    private static Status status(NotServedException e) {
        return switch (e.reason()) {
            case UNKNOWN_VOLUME -> Status.NOT_FOUND_404;
            case NOT_PRIMARY, NOT_CONNECTED -> Status.CONFLICT_409;
        };
    }

    private static Status status(VolumeException e) {
        return switch (e.kind()) {
            case BAD_SPEC, BAD_REQUEST -> Status.BAD_REQUEST_400;
            case NOT_PRIMARY, NOT_REPLICA, REBUILDING, NOT_RECOVERABLE, CLOSED -> Status.CONFLICT_409;
            default -> Status.INTERNAL_SERVER_ERROR_500;
        };
    }

    private static void error(ServerResponse response, Status status, String kind, Exception failure) {
        send(response, status, Map.of("error", kind, "message", String.valueOf(failure.getMessage())));
    }

    private static void send(ServerResponse response, Status status, Object body) {
        try {
            response.status(status);
            response.header(HeaderNames.CONTENT_TYPE, "application/json");
            response.send(JSON.writeValueAsBytes(body));
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("an answer has no JSON form", e);
        }
    }
}
