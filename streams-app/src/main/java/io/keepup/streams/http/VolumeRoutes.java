package io.keepup.streams.http;

import io.helidon.http.Status;
import io.helidon.webserver.http.HttpRules;
import io.helidon.webserver.http.HttpService;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import io.keepup.schemas.topic.Names;
import io.keepup.streams.view.ProjectionView;

/** {@code /api/volumes} and {@code /api/volumes/{id}}: the projections as JSON. */
final class VolumeRoutes implements HttpService {

    private final ProjectionView view;

    VolumeRoutes(ProjectionView view) {
        this.view = view;
    }

    @Override
    public void routing(HttpRules rules) {
        rules.get("/", this::all).get("/{id}", this::one);
    }

    private void all(ServerRequest request, ServerResponse response) {
        if (!view.complete()) {
            Answers.error(response, Status.SERVICE_UNAVAILABLE_503, "the projections are still being read: try again");
            return;
        }
        Answers.json(response, VolumeJson.all(view.volumes()));
    }

    private void one(ServerRequest request, ServerResponse response) {
        String id = request.path().pathParameters().get("id");
        if (!Names.valid(id)) {
            Answers.error(
                    response,
                    Status.BAD_REQUEST_400,
                    "'%s' is not a volume id: use %s".formatted(id, Names.RULE_IN_WORDS));
        } else if (!view.complete()) {
            Answers.error(response, Status.SERVICE_UNAVAILABLE_503, "the projections are still being read: try again");
        } else {
            view.volume(id)
                    .ifPresentOrElse(
                            volume -> Answers.json(response, VolumeJson.of(volume)),
                            () -> Answers.error(response, Status.NOT_FOUND_404, "there is no volume %s".formatted(id)));
        }
    }
}
