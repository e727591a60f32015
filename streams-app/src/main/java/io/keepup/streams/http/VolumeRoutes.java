package io.keepup.streams.http;

import io.keepup.schemas.topic.Names;
import io.keepup.service.http.Answer;
import io.keepup.service.http.Query;
import io.keepup.service.http.Request;
import io.keepup.service.http.Routes;
import io.keepup.streams.view.ProjectionView;

/** {@code /api/volumes} and {@code /api/volumes/{id}}: the projections as JSON. */
final class VolumeRoutes {

    private final ProjectionView view;

    VolumeRoutes(ProjectionView view) {
        this.view = view;
    }

    void addTo(Routes routes) {
        routes.get("/api/volumes", Query.NONE, request -> all()).get("/api/volumes/{id}", Query.NONE, this::one);
    }

    private Answer all() {
        return view.complete() ? Answers.json(200, VolumeJson.all(view.volumes())) : incomplete();
    }

    private Answer one(Request request) {
        String id = request.path("id");
        if (!Names.valid(id)) {
            return Answers.error(400, "'%s' is not a volume id: use %s".formatted(id, Names.RULE_IN_WORDS));
        }
        if (!view.complete()) {
            return incomplete();
        }
        return view.volume(id)
                .map(volume -> Answers.json(200, VolumeJson.of(volume)))
                .orElseGet(() -> Answers.error(404, "there is no volume %s".formatted(id)));
    }

    private static Answer incomplete() {
        return Answers.error(503, "the projections are still being read: try again");
    }
}
