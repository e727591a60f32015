package io.keepup.node.http;

import io.keepup.node.hosting.NotServedException;
import io.keepup.service.failure.RepeatedFailureLog;
import io.keepup.service.http.Answer;
import io.keepup.service.http.RequestException;
import io.keepup.service.http.Routes;
import io.keepup.volume.VolumeException;
import java.util.Map;
import org.slf4j.LoggerFactory;

/**
 * Failures as a node answers them: {@code {"error": kind, "message": sentence}}; 400 wrong request, 404 unknown volume or path, 405
 * wrong method, 409 not this node's to do now, 413 too large, 415 encoded, 500 the disk failed. (504 is an answer, not a failure.)
 */
final class NodeErrors implements Routes.Errors {

    private static final RepeatedFailureLog failures =
            new RepeatedFailureLog(LoggerFactory.getLogger(NodeErrors.class));

    @Override
    public Answer of(String request, RuntimeException failure) {
        return switch (failure) {
            case RequestException wrong ->
                answer(wrong.kind().status(), wrong.kind().name(), wrong);
            case NotServedException elsewhere ->
                answer(status(elsewhere), elsewhere.reason().name(), elsewhere);
            case VolumeException volume -> answer(status(volume), volume.kind().name(), volume);
            case IllegalArgumentException wrong -> answer(400, "BAD_REQUEST", wrong);
            default -> {
                failures.error("request", request + " failed", failure);
                yield answer(500, "FAILED", failure);
            }
        };
    }

    private static int status(NotServedException e) {
        return switch (e.reason()) {
            case UNKNOWN_VOLUME -> 404;
            case NOT_PRIMARY, NOT_CONNECTED -> 409;
        };
    }

    private static int status(VolumeException e) {
        return switch (e.kind()) {
            case BAD_SPEC, BAD_REQUEST -> 400;
            case NOT_PRIMARY, NOT_REPLICA, REBUILDING, NOT_RECOVERABLE, CLOSED -> 409;
            default -> 500;
        };
    }

    private static Answer answer(int status, String kind, Exception failure) {
        return Answer.json(status, Map.of("error", kind, "message", String.valueOf(failure.getMessage())));
    }
}
