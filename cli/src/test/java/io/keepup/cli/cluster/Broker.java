package io.keepup.cli.cluster;

import com.github.dockerjava.api.model.ContainerNetwork;
import com.github.dockerjava.api.model.PortBinding;
import java.util.Map;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.containers.Network;
import org.testcontainers.containers.wait.strategy.AbstractWaitStrategy;

/**
 * A broker, which is controller too, in a container on two networks: clients reach it at a port of this machine that stays the
 * same, the other brokers at an address on an inner network by which alone they know it. Off that, it is cut off from them,
 * while its clients still reach it.
 */
final class Broker extends GenericContainer<Broker> {

    static final int CLIENTS = 9092;
    static final int CONTROLLERS = 9093;
    static final int BROKERS = 9094;

    private final int id;
    private final Network inner;
    private final String innerAddress;
    private final int port;

    /** @param port on 127.0.0.1 */
    Broker(int id, Network outer, Network inner, String innerAddress, int port, Map<String, String> settings) {
        super(Docker.kafka());
        this.id = id;
        this.inner = inner;
        this.innerAddress = innerAddress;
        this.port = port;
        withNetwork(outer);
        withExposedPorts(CLIENTS);
        withEnv(settings);
        withEnv("KAFKA_NODE_ID", String.valueOf(id));
        withEnv(
                "KAFKA_ADVERTISED_LISTENERS",
                "CLIENTS://127.0.0.1:%d,BROKERS://%s:%d".formatted(port, innerAddress, BROKERS));
        withCreateContainerCmdModifier(create ->
                create.getHostConfig().withPortBindings(PortBinding.parse("127.0.0.1:%d:%d".formatted(port, CLIENTS))));
        waitingFor(new Nothing());
    }

    /** One broker alone is never ready: whoever starts them waits for all. */
    private static final class Nothing extends AbstractWaitStrategy {
        @Override
        protected void waitUntilReady() {
            // see above
        }
    }

    @Override
    protected void containerIsCreated(String containerId) {
        join(containerId);
    }

    int id() {
        return id;
    }

    /** {@code 127.0.0.1:port}. */
    String address() {
        return "127.0.0.1:" + port;
    }

    void kill() {
        dockerClient.killContainerCmd(getContainerId()).exec();
    }

    /** After {@link #kill()}, on the same log. */
    void startAgain() {
        dockerClient.startContainerCmd(getContainerId()).exec();
    }

    void pause() {
        dockerClient.pauseContainerCmd(getContainerId()).exec();
    }

    void resume() {
        dockerClient.unpauseContainerCmd(getContainerId()).exec();
    }

    /** Cuts it off from the other brokers. */
    void cut() {
        dockerClient
                .disconnectFromNetworkCmd()
                .withNetworkId(inner.getId())
                .withContainerId(getContainerId())
                .exec();
    }

    void mend() {
        join(getContainerId());
    }

    private void join(String containerId) {
        dockerClient
                .connectToNetworkCmd()
                .withNetworkId(inner.getId())
                .withContainerId(containerId)
                .withContainerNetwork(new ContainerNetwork()
                        .withIpamConfig(new ContainerNetwork.Ipam().withIpv4Address(innerAddress)))
                .exec();
    }

    /** Settled by identity: GenericContainer's own compares settings. */
    @Override
    public boolean equals(Object other) {
        return this == other;
    }

    @Override
    public int hashCode() {
        return id;
    }
}
