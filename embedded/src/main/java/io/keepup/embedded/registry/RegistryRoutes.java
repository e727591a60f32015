package io.keepup.embedded.registry;

import io.keepup.embedded.registry.RegistryException.Code;
import io.keepup.embedded.registry.Router.Verbatim;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The REST API: which path asks the {@link Registry} what, and how it is said in JSON. */
final class RegistryRoutes {

    private static final Map<String, String> READ_WRITE = Map.of("mode", "READWRITE");

    private final Registry registry;

    RegistryRoutes(Registry registry) {
        this.registry = registry;
    }

    Router router() {
        Router router = new Router();
        subjects(router);
        schemas(router);
        compatibility(router);
        config(router);
        router.on("GET", "/mode", call -> READ_WRITE)
                .on("GET", "/mode/{subject}", this::subjectMode)
                .on("GET", "/", call -> Map.of())
                .on("GET", "/livez", call -> Map.of("live", true))
                .on("GET", "/readyz", this::ready);
        return router;
    }

    private void subjects(Router router) {
        router.on("GET", "/subjects", call -> registry.subjects(call.flag("deleted")).stream()
                        .filter(subject -> subject.startsWith(call.query("subjectPrefix")))
                        .toList())
                .on(
                        "POST",
                        "/subjects/{subject}",
                        call -> json(registry.lookup(call.subject(), call.schema(), call.flag("deleted"))))
                .on(
                        "DELETE",
                        "/subjects/{subject}",
                        call -> registry.deleteSubject(call.subject(), call.flag("permanent")))
                .on(
                        "GET",
                        "/subjects/{subject}/versions",
                        call -> registry.versions(call.subject(), call.flag("deleted")).stream()
                                .map(SchemaVersion::version)
                                .toList())
                .on(
                        "POST",
                        "/subjects/{subject}/versions",
                        call -> Map.of("id", registry.register(call.subject(), call.schema())))
                .on("GET", "/subjects/{subject}/versions/{version}", call -> json(version(call)))
                .on(
                        "GET",
                        "/subjects/{subject}/versions/{version}/schema",
                        call -> new Verbatim(version(call).text()))
                .on(
                        "DELETE",
                        "/subjects/{subject}/versions/{version}",
                        call -> registry.deleteVersion(call.subject(), call.version(), call.flag("permanent")));
    }

    private void schemas(Router router) {
        router.on("GET", "/schemas/types", call -> List.of("AVRO"))
                .on("GET", "/schemas/ids/{id}", call -> Map.of("schema", registry.schemaText(call.id())))
                .on("GET", "/schemas/ids/{id}/schema", call -> new Verbatim(registry.schemaText(call.id())))
                .on("GET", "/schemas/ids/{id}/subjects", call -> uses(call).stream()
                        .map(SchemaVersion::subject)
                        .distinct()
                        .toList())
                .on("GET", "/schemas/ids/{id}/versions", call -> uses(call).stream()
                        .map(use -> Map.of("subject", use.subject(), "version", use.version()))
                        .toList());
    }

    private void compatibility(Router router) {
        router.on(
                        "POST",
                        "/compatibility/subjects/{subject}/versions",
                        call -> verdict(call, registry.violations(call.subject(), call.schema())))
                .on(
                        "POST",
                        "/compatibility/subjects/{subject}/versions/{version}",
                        call -> verdict(
                                call, registry.violationsAgainst(call.subject(), call.version(), call.schema())));
    }

    private void config(Router router) {
        router.on("GET", "/config", call -> level(registry.globalLevel()))
                .on("PUT", "/config", call -> Map.of("compatibility", registry.setLevel(null, call.level())))
                .on("DELETE", "/config", call -> level(registry.clearLevel(null)))
                .on(
                        "GET",
                        "/config/{subject}",
                        call -> level(
                                call.flag("defaultToGlobal")
                                        ? registry.level(call.subject())
                                        : registry.ownLevel(call.subject())))
                .on(
                        "PUT",
                        "/config/{subject}",
                        call -> Map.of("compatibility", registry.setLevel(call.subject(), call.level())))
                .on("DELETE", "/config/{subject}", call -> level(registry.clearLevel(call.subject())));
    }

    private Object ready(Call call) {
        if (!registry.healthy()) {
            throw new RegistryException(Code.STORE, "Topic %s is no longer followed".formatted(SchemasTopic.NAME));
        }
        return Map.of("ready", true);
    }

    private Object subjectMode(Call call) {
        if (!call.flag("defaultToGlobal")) {
            throw new RegistryException(
                    Code.MODE_NOT_CONFIGURED,
                    "Subject '%s' does not have subject-level mode configured".formatted(call.subject()));
        }
        return READ_WRITE;
    }

    private SchemaVersion version(Call call) {
        return registry.version(call.subject(), call.version(), call.flag("deleted"));
    }

    private List<SchemaVersion> uses(Call call) {
        return registry.uses(call.id(), call.flag("deleted"));
    }

    private static Object level(CompatibilityLevel level) {
        return Map.of("compatibilityLevel", level);
    }

    private static Object verdict(Call call, List<String> violations) {
        return call.flag("verbose")
                ? Map.of("is_compatible", violations.isEmpty(), "messages", violations)
                : Map.of("is_compatible", violations.isEmpty());
    }

    private static Map<String, Object> json(SchemaVersion version) {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("subject", version.subject());
        json.put("version", version.version());
        json.put("id", version.id());
        json.put("schema", version.text());
        return json;
    }
}
