package io.keepup.streams.http;

import io.helidon.http.sse.SseEvent;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import io.helidon.webserver.sse.SseSink;
import io.keepup.streams.view.ProjectionView;
import io.keepup.streams.view.VolumeChanges;
import io.keepup.v1.VolumeProjection;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * {@code /api/stream}: server-sent events. First {@code snapshot} with all volumes, then {@code volume} with the newest
 * content of each volume that changed, {@code removed} with the id of one that went. A comment every few seconds shows
 * that the connection lives. One virtual thread a client; it ends when the client goes, or the view is closed.
 */
final class ChangeStream {

    private static final Logger log = LoggerFactory.getLogger(ChangeStream.class);
    private static final Duration HEARTBEAT = Duration.ofSeconds(5);

    private final ProjectionView view;

    ChangeStream(ProjectionView view) {
        this.view = view;
    }

    void handle(ServerRequest request, ServerResponse response) {
        try (VolumeChanges changes = view.subscribe();
                SseSink sink = response.sink(SseSink.TYPE)) {
            follow(changes, sink);
        } catch (UncheckedIOException e) {
            log.debug("a reader of the stream went away: {}", e.getMessage());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void follow(VolumeChanges changes, SseSink sink) throws InterruptedException {
        sink.emit(comment("keepup"));
        boolean begun = false;
        while (!changes.closed()) {
            if (!begun && view.complete()) {
                sink.emit(event("snapshot", VolumeJson.all(view.volumes()).toString()));
                begun = true;
            }
            Set<String> changed = changes.await(HEARTBEAT);
            if (changed.isEmpty()) {
                sink.emit(comment("alive"));
            } else if (begun) {
                for (String volumeId : changed) {
                    sink.emit(change(volumeId));
                }
            }
        }
    }

    private SseEvent change(String volumeId) {
        Optional<VolumeProjection> volume = view.volume(volumeId);
        return volume.isPresent()
                ? event("volume", VolumeJson.of(volume.get()).toString())
                : event("removed", VolumeJson.removed(volumeId).toString());
    }

    private static SseEvent event(String name, String data) {
        return SseEvent.builder().name(name).data(data).build();
    }

    private static SseEvent comment(String text) {
        return SseEvent.builder().comment(text).data(SseEvent.NO_DATA).build();
    }
}
