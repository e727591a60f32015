package io.keepup.cli.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.Optional;
import org.testcontainers.DockerClientFactory;
import org.testcontainers.utility.DockerImageName;

/** Whether there is an engine, and which images to use: those that {@code docker/compose.yml} uses. */
final class Docker {

    private Docker() {}

    /** Skips the test where no engine answers, but fails it where {@code REQUIRE_DOCKER=true} says that one must. */
    static void require() {
        boolean there = DockerClientFactory.instance().isDockerAvailable();
        if (Boolean.parseBoolean(System.getenv("REQUIRE_DOCKER"))) {
            assertThat(there)
                    .as("REQUIRE_DOCKER=true needs a Docker engine, as docker/engine.sh starts one")
                    .isTrue();
        }
        assumeTrue(there, "no Docker engine answers: set DOCKER_HOST, or start one with docker/engine.sh");
    }

    static DockerImageName kafka() {
        return image("KAFKA_IMAGE", "apache/kafka:4.3.1");
    }

    static DockerImageName registry() {
        return image("REGISTRY_IMAGE", "apicurio/apicurio-registry:3.3.3");
    }

    private static DockerImageName image(String variable, String otherwise) {
        return DockerImageName.parse(
                Optional.ofNullable(System.getenv(variable)).orElse(otherwise));
    }
}
