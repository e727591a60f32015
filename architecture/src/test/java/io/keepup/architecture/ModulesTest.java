package io.keepup.architecture;

import static com.tngtech.archunit.base.DescribedPredicate.describe;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaMethodCall;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.io.File;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.time.Instant;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.Future;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What each module must never see: the last column of the architecture's table. */
class ModulesTest {

    private static final String ENGINE = "io.keepup.engine..";
    private static final String SCHEMAS = "io.keepup.schemas..";
    private static final String SERVICE = "io.keepup.service..";
    private static final String RECORDS = "io.keepup.v1..";
    private static final String VOLUME = "io.keepup.volume..";
    private static final String STREAMS = "io.keepup.streams..";
    private static final String NODE = "io.keepup.node..";
    private static final String EMBEDDED = "io.keepup.embedded..";
    private static final String BENCH = "io.keepup.bench..";
    private static final String CLI = "io.keepup.cli..";
    private static final String KAFKA = "org.apache.kafka..";
    private static final String AVRO = "org.apache.avro..";

    private static final DescribedPredicate<JavaClass> BLOCKS = describe(
            "are made for threads or waiting",
            c -> c.getPackageName().equals("java.util.concurrent.locks")
                    || c.isEquivalentTo(Thread.class)
                    || c.isAssignableTo(Executor.class)
                    || c.isAssignableTo(BlockingQueue.class)
                    || Set.of(
                                    "CountDownLatch",
                                    "CyclicBarrier",
                                    "Executors",
                                    "Phaser",
                                    "Semaphore",
                                    "Exchanger",
                                    "Timer")
                            .contains(c.getSimpleName()));
    private static final DescribedPredicate<JavaMethodCall> WAITS = describe(
            "wait, start something or tell the time",
            c -> c.getTargetOwner().isAssignableTo(Future.class)
                            && c.getName().matches("get|join|.*Async|orTimeout|completeOnTimeout|delayedExecutor")
                    || c.getTargetOwner().isEquivalentTo(System.class)
                            && c.getName().matches("nanoTime|currentTimeMillis")
                    || c.getTargetOwner().isEquivalentTo(Instant.class)
                            && c.getName().equals("now")
                    || c.getTargetOwner().isEquivalentTo(Object.class)
                            && c.getName().matches("wait|notify|notifyAll"));

    private static JavaClasses classes;

    @BeforeAll
    static void read_all_modules() {
        classes = new ClassFileImporter()
                .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
                .importPackages("io.keepup");
    }

    @ParameterizedTest
    @ValueSource(strings = {ENGINE, SERVICE, SCHEMAS, RECORDS, VOLUME, STREAMS, NODE, EMBEDDED, BENCH, CLI})
    void every_module_is_looked_at(String module) {
        assertThat(classes.that(
                        describe(module, c -> (c.getPackageName() + ".").startsWith(module.replace("..", ".")))))
                .isNotEmpty();
    }

    @Test
    void the_engine_sees_no_kafka_avro_file_clock_randomness_or_thread() {
        noClasses()
                .that()
                .resideInAPackage(ENGINE)
                .should()
                .dependOnClassesThat()
                .resideOutsideOfPackages(
                        ENGINE, "java.lang..", "java.util", "java.util.function..", "java.util.stream..")
                .check(classes);
        noClasses()
                .that()
                .resideInAPackage(ENGINE)
                .should()
                .dependOnClassesThat()
                .haveFullyQualifiedName("java.util.Random")
                .orShould()
                .dependOnClassesThat()
                .haveFullyQualifiedName("java.util.UUID")
                .orShould()
                .dependOnClassesThat()
                .haveFullyQualifiedName("java.lang.Thread")
                .orShould()
                .callMethod(System.class, "currentTimeMillis")
                .orShould()
                .callMethod(System.class, "nanoTime")
                .orShould()
                .callMethod(Math.class, "random")
                .check(classes);
    }

    @Test
    void schemas_never_see_another_module() {
        never(SCHEMAS, ENGINE, VOLUME, STREAMS, NODE, EMBEDDED, CLI);
        never(RECORDS, ENGINE, VOLUME, STREAMS, NODE, EMBEDDED, CLI);
    }

    @Test
    void a_service_is_the_same_whatever_it_does() {
        never(SERVICE, ENGINE, SCHEMAS, RECORDS, VOLUME, STREAMS, NODE, EMBEDDED, CLI, KAFKA, AVRO);
    }

    @Test
    void the_volume_knows_only_the_jdk() {
        noClasses()
                .that()
                .resideInAPackage(VOLUME)
                .should()
                .dependOnClassesThat()
                .resideOutsideOfPackages(VOLUME, "java..")
                .check(classes);
    }

    @Test
    void the_streams_app_never_sees_a_volume() {
        never(STREAMS, VOLUME, NODE, EMBEDDED, CLI);
    }

    @Test
    void the_storage_node_never_sees_the_engine() {
        never(NODE, ENGINE, STREAMS, EMBEDDED, CLI);
    }

    /** A simulator that implements the world then owns all that happens in a node. */
    @Test
    void a_nodes_logic_meets_threads_waiting_and_time_only_through_its_world() {
        noClasses()
                .that()
                .resideInAPackage(NODE)
                .and()
                .resideOutsideOfPackages("io.keepup.node.world..", "io.keepup.node.http..")
                .should()
                .dependOnClassesThat(BLOCKS)
                .orShould()
                .callMethodWhere(WAITS)
                .check(classes);
        noClasses()
                .that()
                .resideInAPackage("io.keepup.node.(*)..")
                .and()
                .resideOutsideOfPackages("io.keepup.node.world..", "io.keepup.node.http..")
                .should()
                .dependOnClassesThat()
                .belongToAnyOf(Files.class, FileChannel.class, File.class)
                .check(classes);
    }

    @Test
    void the_embedded_broker_sees_nothing_of_ours_but_schemas_and_service() {
        never(EMBEDDED, ENGINE, VOLUME, STREAMS, NODE, CLI);
    }

    @Test
    void kafka_and_avro_stay_at_the_edges() {
        never(ENGINE, KAFKA, AVRO, RECORDS);
        never(VOLUME, KAFKA, AVRO, RECORDS);
    }

    @Test
    void packages_of_a_module_do_not_depend_on_each_other_in_circles() {
        for (String module : new String[] {"engine", "volume", "streams", "node", "embedded", "schemas", "service"}) {
            slices().matching("io.keepup." + module + ".(*)..")
                    .should()
                    .beFreeOfCycles()
                    .check(classes);
        }
    }

    private static void never(String module, String... seen) {
        noClasses()
                .that()
                .resideInAPackage(module)
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(seen)
                .check(classes);
    }
}
