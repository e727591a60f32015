package io.keepup.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;

/** Block I/O through a node's data address, as any client would do it. Thread-safe. */
public final class BlockClient implements AutoCloseable {

    private static final Duration CONNECT = Duration.ofSeconds(5);
    private static final Duration REQUEST = Duration.ofSeconds(60);
    /** All of a volume is read: a TiB in this time, at a moderate rate. */
    private static final Duration DIGEST = Duration.ofHours(2);

    private final String address;
    private final String volumeId;
    private final HttpClient http = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(CONNECT)
            .build();
    private final ObjectMapper json = new ObjectMapper();

    /** @param address {@code host:port} of the node's data address */
    public BlockClient(String address, String volumeId) {
        this.address = address;
        this.volumeId = volumeId;
    }

    /**
     * Writes whole blocks; durable on the primary when this returns, on a majority with {@code barrier}.
     *
     * @return the LSN of the write
     */
    public long write(long lba, byte[] data, boolean barrier) {
        String path = "/blocks/" + lba + (barrier ? "?barrier=quorum" : "");
        return tree(call("PUT", path, HttpRequest.BodyPublishers.ofByteArray(data)))
                .path("lsn")
                .asLong();
    }

    public byte[] read(long lba, long blocks) {
        return call("GET", "/blocks/" + lba + "?count=" + blocks, HttpRequest.BodyPublishers.noBody());
    }

    /** Where the volume stands on this node. */
    public JsonNode status() {
        return tree(call("GET", "", HttpRequest.BodyPublishers.noBody()));
    }

    /** SHA-256 over the whole volume, and the LSN it holds for. */
    public JsonNode digest() {
        return tree(call("GET", "/digest", HttpRequest.BodyPublishers.noBody(), DIGEST));
    }

    public JsonNode flush() {
        return tree(call("POST", "/flush", HttpRequest.BodyPublishers.noBody()));
    }

    /** Drops the WAL up to an LSN, as far as no session needs it. */
    public JsonNode trimWal(long lsn) {
        return tree(call("POST", "/trim-wal?upTo=" + lsn, HttpRequest.BodyPublishers.noBody()));
    }

    private byte[] call(String method, String path, HttpRequest.BodyPublisher body) {
        return call(method, path, body, REQUEST);
    }

    private byte[] call(String method, String path, HttpRequest.BodyPublisher body, Duration limit) {
        HttpRequest request = HttpRequest.newBuilder(URI.create("http://" + address + "/volumes/" + volumeId + path))
                .timeout(limit)
                .method(method, body)
                .build();
        try {
            HttpResponse<byte[]> response = http.send(request, HttpResponse.BodyHandlers.ofByteArray());
            if (response.statusCode() / 100 != 2) {
                throw new Failure("the node at %s answers: %s".formatted(address, message(response.body())));
            }
            return response.body();
        } catch (IOException e) {
            throw new Failure(
                    "no storage node answers at %s (%s): start it, or name the right address"
                            .formatted(
                                    address,
                                    e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage()),
                    e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new Failure("interrupted while talking to " + address, e);
        }
    }

    private JsonNode tree(byte[] body) {
        try {
            return json.readTree(body);
        } catch (IOException e) {
            throw new Failure("the node at %s does not answer in JSON".formatted(address), e);
        }
    }

    private String message(byte[] body) {
        String text = new String(body, StandardCharsets.UTF_8);
        try {
            return json.readTree(text).path("message").asText(text);
        } catch (JsonProcessingException e) {
            return text;
        }
    }

    @Override
    public void close() {
        http.close();
    }
}
