package io.keepup.embedded.registry;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.keepup.embedded.EmbeddedCluster;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.apache.avro.Schema;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The REST API on one cluster; every test has a subject and a record name of its own. */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class RegistryApiTest {

    @TempDir
    static Path temp;

    private static EmbeddedCluster cluster;
    private static Rest rest;

    private String name;
    private String subject;

    @BeforeAll
    static void start() {
        cluster = EmbeddedCluster.start(temp);
        rest = new Rest(cluster.registryUrl());
    }

    @AfterAll
    static void stop() {
        cluster.close();
    }

    @BeforeEach
    void ownNames(TestInfo test) {
        name = "R" + Integer.toHexString(test.getDisplayName().hashCode());
        subject = "topic-io.test." + name;
    }

    @Test
    void a_schema_registered_is_found_by_id_by_version_and_by_itself() throws Exception {
        int id = rest.idOf(subject, one());

        assertThat(rest.get("/schemas/ids/" + id).ok().get("schema").asText()).isEqualTo(canonical(one()));
        assertThat(rest.get("/schemas/ids/" + id + "/schema").ok()).isEqualTo(Rest.JSON.readTree(one()));
        assertThat(rest.get("/schemas/ids/" + id + "/versions").ok())
                .isEqualTo(json("[{'subject': '%s', 'version': 1}]".formatted(subject)));
        assertThat(rest.get("/schemas/ids/" + id + "/subjects").ok()).isEqualTo(json("['%s']".formatted(subject)));
        assertThat(rest.get("/subjects").ok()).contains(json("'%s'".formatted(subject)));
        assertThat(rest.get("/subjects?subjectPrefix=nobody").ok()).isEmpty();
        assertThat(rest.get("/subjects/" + subject + "/versions").ok()).isEqualTo(json("[1]"));
        for (String version : List.of("1", "latest", "-1")) {
            JsonNode found =
                    rest.get("/subjects/" + subject + "/versions/" + version).ok();
            assertThat(found.get("subject").asText()).isEqualTo(subject);
            assertThat(found.get("version").asInt()).isEqualTo(1);
            assertThat(found.get("id").asInt()).isEqualTo(id);
            assertThat(found.get("schema").asText()).isEqualTo(canonical(one()));
        }
        assertThat(rest.get("/subjects/" + subject + "/versions/1/schema").ok()).isEqualTo(Rest.JSON.readTree(one()));
        assertThat(rest.post("/subjects/" + subject, Map.of("schema", one()))
                        .ok()
                        .get("id")
                        .asInt())
                .isEqualTo(id);
    }

    @Test
    void registering_again_or_with_other_white_space_is_the_same_version() throws Exception {
        int id = rest.idOf(subject, one());

        assertThat(rest.idOf(subject, one())).isEqualTo(id);
        assertThat(rest.idOf(subject, Rest.JSON.readTree(one()).toPrettyString()))
                .isEqualTo(id);
        assertThat(rest.get("/subjects/" + subject + "/versions").ok()).isEqualTo(json("[1]"));
    }

    @Test
    void the_same_schema_has_one_id_under_every_subject() throws Exception {
        int id = rest.idOf(subject, one());

        assertThat(rest.idOf(subject + "-other", one())).isEqualTo(id);
        assertThat(rest.get("/schemas/ids/" + id + "/versions").ok()).hasSize(2);
    }

    @Test
    void by_default_only_what_old_and_new_readers_both_read_is_taken() throws Exception {
        rest.idOf(subject, one());
        int second = rest.idOf(subject, two());
        assertThat(rest.get("/subjects/" + subject + "/versions/2")
                        .ok()
                        .get("id")
                        .asInt())
                .isEqualTo(second);

        rest.register(subject, fields("{'name': 'a', 'type': 'long'}, {'name': 'must', 'type': 'int'}"))
                .isError(409, 409);
        rest.register(subject, fields("{'name': 'a', 'type': 'string'}")).isError(409, 409);
        assertThat(rest.get("/subjects/" + subject + "/versions").ok()).isEqualTo(json("[1,2]"));
    }

    @Test
    void a_subjects_own_level_goes_before_the_level_of_all() throws Exception {
        rest.idOf(subject, one());
        String other = fields("{'name': 'a', 'type': 'string'}");
        rest.register(subject, other).isError(409, 409);
        rest.get("/config/" + subject).isError(404, 40408);
        assertThat(rest.get("/config/" + subject + "?defaultToGlobal=true").ok())
                .isEqualTo(json("{'compatibilityLevel': 'FULL_TRANSITIVE'}"));

        assertThat(rest.put("/config/" + subject, Map.of("compatibility", "none"))
                        .ok())
                .isEqualTo(json("{'compatibility': 'NONE'}"));

        assertThat(rest.get("/config/" + subject).ok()).isEqualTo(json("{'compatibilityLevel': 'NONE'}"));
        rest.register(subject, other).ok();
        assertThat(rest.delete("/config/" + subject).ok()).isEqualTo(json("{'compatibilityLevel': 'NONE'}"));
        rest.register(subject, fields("{'name': 'a', 'type': 'bytes'}")).isError(409, 409);
    }

    @Test
    void the_level_of_all_can_be_set_and_an_unknown_one_is_refused() throws Exception {
        assertThat(rest.get("/config").ok()).isEqualTo(json("{'compatibilityLevel': 'FULL_TRANSITIVE'}"));
        rest.put("/config", Map.of("compatibility", "SIDEWAYS")).isError(422, 42203);
        rest.put("/config", Map.of()).isError(422, 42203);
        try {
            rest.put("/config", Map.of("compatibility", "BACKWARD")).ok();
            assertThat(rest.get("/config").ok()).isEqualTo(json("{'compatibilityLevel': 'BACKWARD'}"));
        } finally {
            rest.delete("/config").ok();
        }
        assertThat(rest.get("/config").ok()).isEqualTo(json("{'compatibilityLevel': 'FULL_TRANSITIVE'}"));
    }

    @Test
    void compatibility_can_be_asked_without_registering() throws Exception {
        rest.idOf(subject, one());
        String path = "/compatibility/subjects/" + subject + "/versions";
        Object bad = Map.of("schema", fields("{'name': 'a', 'type': 'string'}"));

        assertThat(rest.post(path + "/latest", Map.of("schema", two())).ok())
                .isEqualTo(json("{'is_compatible': true}"));
        assertThat(rest.post(path + "/1", bad).ok()).isEqualTo(json("{'is_compatible': false}"));
        assertThat(rest.post(path, bad).ok()).isEqualTo(json("{'is_compatible': false}"));
        JsonNode verbose = rest.post(path + "/latest?verbose=true", bad).ok();
        assertThat(verbose.get("messages")).isNotEmpty();
        assertThat(verbose.get("messages").get(0).asText()).contains("version 1", "/fields/0/type");
        rest.post(path + "/7", bad).isError(404, 40402);
        assertThat(rest.post("/compatibility/subjects/" + subject + "-new/versions/latest", bad)
                        .ok())
                .isEqualTo(json("{'is_compatible': true}"));
        assertThat(rest.get("/subjects/" + subject + "/versions").ok()).isEqualTo(json("[1]"));
    }

    @Test
    void what_is_not_there_has_its_own_code() throws Exception {
        rest.get("/subjects/" + subject + "/versions").isError(404, 40401);
        rest.get("/subjects/" + subject + "/versions/1").isError(404, 40401);
        rest.delete("/subjects/" + subject).isError(404, 40401);
        rest.post("/subjects/" + subject, Map.of("schema", one())).isError(404, 40401);
        rest.get("/schemas/ids/99999").isError(404, 40403);
        rest.get("/schemas/ids/99999/versions").isError(404, 40403);
        rest.idOf(subject, one());
        rest.get("/subjects/" + subject + "/versions/2").isError(404, 40402);
        rest.get("/subjects/" + subject + "/versions/0").isError(422, 42202);
        rest.get("/subjects/" + subject + "/versions/first").isError(422, 42202);
        rest.post("/subjects/" + subject, Map.of("schema", two())).isError(404, 40403);
        rest.get("/nowhere").isError(404, 404);
        rest.put("/subjects", Map.of()).isError(405, 405);
    }

    @Test
    void what_is_no_avro_schema_is_refused() throws Exception {
        for (String bad : List.of("{", "", "\"nothing\"", "{\"type\": \"record\", \"name\": \"X\"}")) {
            rest.register(subject, bad).isError(422, 42201);
        }
        rest.register(subject, fields("{'name': 'a', 'type': 'Unknown'}")).isError(422, 42201);
        rest.register(subject, fields("{'name': 'a', 'type': 'long', 'default': 'text'}"))
                .isError(422, 42201);
        rest.post("/subjects/" + subject + "/versions", Map.of("schema", "{}", "schemaType", "PROTOBUF"))
                .isError(422, 42201);
        rest.post("/subjects/" + subject + "/versions", Map.of("schema", one(), "references", List.of(Map.of())))
                .isError(422, 42201);
        rest.register(subject, "\"" + "x".repeat(Call.MAX_SCHEMA_CHARS) + "\"").isError(422, 42209);
        rest.send("POST", "/subjects/" + subject + "/versions", "not json").isError(400, 400);
        rest.get("/subjects/" + subject + "/versions").isError(404, 40401);
    }

    @Test
    void a_softly_deleted_subject_is_out_of_sight_but_its_ids_still_decode() throws Exception {
        int first = rest.idOf(subject, one());
        rest.idOf(subject, two());

        assertThat(rest.delete("/subjects/" + subject).ok()).isEqualTo(json("[1,2]"));

        rest.get("/subjects/" + subject + "/versions").isError(404, 40401);
        rest.delete("/subjects/" + subject).isError(404, 40404);
        assertThat(rest.get("/subjects?deleted=true").ok()).contains(json("'%s'".formatted(subject)));
        assertThat(rest.get("/subjects/" + subject + "/versions?deleted=true").ok())
                .isEqualTo(json("[1,2]"));
        rest.get("/schemas/ids/" + first).ok();
        assertThat(rest.get("/schemas/ids/" + first + "/versions").ok()).isEmpty();
        assertThat(rest.idOf(subject, one())).as("the same schema, the same id").isEqualTo(first);
        assertThat(rest.get("/subjects/" + subject + "/versions").ok())
                .as("numbers go on")
                .isEqualTo(json("[3]"));
    }

    @Test
    void a_subject_is_erased_only_after_soft_deletion_and_its_id_never_means_another_schema() throws Exception {
        int id = rest.idOf(subject, one());
        rest.delete("/subjects/" + subject + "?permanent=true").isError(404, 40405);
        rest.delete("/subjects/" + subject).ok();

        assertThat(rest.delete("/subjects/" + subject + "?permanent=true").ok()).isEqualTo(json("[1]"));

        rest.get("/schemas/ids/" + id).isError(404, 40403);
        rest.get("/subjects/" + subject + "/versions?deleted=true").isError(404, 40401);
        assertThat(rest.idOf(subject, two())).isGreaterThan(id);
        assertThat(rest.get("/subjects/" + subject + "/versions").ok()).isEqualTo(json("[1]"));
    }

    @Test
    void one_version_is_deleted_softly_then_for_good() throws Exception {
        rest.idOf(subject, one());
        rest.idOf(subject, two());
        rest.delete("/subjects/" + subject + "/versions/1?permanent=true").isError(404, 40407);

        assertThat(rest.delete("/subjects/" + subject + "/versions/1").ok()).isEqualTo(json("1"));

        rest.delete("/subjects/" + subject + "/versions/1").isError(404, 40406);
        rest.get("/subjects/" + subject + "/versions/1").isError(404, 40402);
        assertThat(rest.get("/subjects/" + subject + "/versions/1?deleted=true")
                        .ok()
                        .get("version")
                        .asInt())
                .isEqualTo(1);
        assertThat(rest.delete("/subjects/" + subject + "/versions/1?permanent=true")
                        .ok())
                .isEqualTo(json("1"));
        assertThat(rest.get("/subjects/" + subject + "/versions?deleted=true").ok())
                .isEqualTo(json("[2]"));
        assertThat(rest.delete("/subjects/" + subject + "/versions/latest").ok())
                .isEqualTo(json("2"));
    }

    @Test
    void a_subject_may_hold_slashes_spaces_and_plus_signs() throws Exception {
        String odd = "a/b c+d%" + name;
        rest.idOf(odd, one());

        assertThat(rest.get("/subjects").ok()).contains(json("'%s'".formatted(odd)));
        assertThat(rest.get("/subjects/" + Rest.encode(odd) + "/versions").ok()).isEqualTo(json("[1]"));
    }

    @Test
    void clients_that_ask_about_the_server_get_an_answer() throws Exception {
        assertThat(rest.get("/").ok()).isEqualTo(json("{}"));
        assertThat(rest.get("/schemas/types").ok()).isEqualTo(json("['AVRO']"));
        assertThat(rest.get("/mode").ok()).isEqualTo(json("{'mode': 'READWRITE'}"));
        rest.get("/mode/" + subject).isError(404, 40409);
        assertThat(rest.get("/mode/" + subject + "?defaultToGlobal=true").ok())
                .isEqualTo(json("{'mode': 'READWRITE'}"));
        rest.get("/livez").ok();
        rest.get("/readyz").ok();
    }

    @Test
    void many_at_once_agree_on_ids_and_versions() throws Exception {
        int schemas = 10;
        List<Callable<String>> calls = new ArrayList<>();
        for (int round = 0; round < 4; round++) {
            for (int i = 0; i < schemas; i++) {
                String schema = fields("{'name': 'f%d', 'type': 'int', 'default': 0}".formatted(i));
                String target = subject + round % 2;
                calls.add(() -> schema + " " + rest.idOf(target, schema));
            }
        }
        List<String> answers = new ArrayList<>();
        try (ExecutorService threads = Executors.newFixedThreadPool(8)) {
            for (Future<String> answer : threads.invokeAll(calls)) {
                answers.add(answer.get());
            }
        }

        assertThat(answers.stream().distinct()).as("one id a schema").hasSize(schemas);
        assertThat(answers.stream().map(a -> a.substring(a.lastIndexOf(' '))).distinct())
                .as("one schema an id")
                .hasSize(schemas);
        for (String target : List.of(subject + "0", subject + "1")) {
            assertThat(rest.get("/subjects/" + target + "/versions").ok())
                    .isEqualTo(Rest.JSON.valueToTree(
                            IntStream.rangeClosed(1, schemas).boxed().toList()));
        }
    }

    private String one() {
        return fields("{'name': 'a', 'type': 'long', 'default': 0}");
    }

    private String two() {
        return fields(
                "{'name': 'a', 'type': 'long', 'default': 0}, {'name': 'b', 'type': 'string', 'default': '', 'doc': 'New.'}");
    }

    private String fields(String fields) {
        return "{ \"type\": \"record\", \"name\": \"%s\", \"namespace\": \"io.test\", \"fields\": [%s] }"
                .formatted(name, fields.replace('\'', '"'));
    }

    private static String canonical(String schema) {
        return new Schema.Parser().parse(schema).toString();
    }

    private static JsonNode json(String text) throws Exception {
        return Rest.JSON.readTree(text.replace('\'', '"'));
    }
}
