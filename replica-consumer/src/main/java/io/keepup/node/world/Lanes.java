package io.keepup.node.world;

import org.apache.kafka.common.TopicPartition;

/** Creates the lanes of volumes and deletes records from them. Thread-safe. */
public interface Lanes {

    /**
     * Both lanes of a volume exist, with their schemas registered, and take records. Doing it again is no error.
     *
     * @throws io.keepup.schemas.topic.TopicException when the cluster does not do it
     * @throws io.keepup.schemas.registry.RegistryException when the registry does not
     */
    void ensure(String volumeId);

    /**
     * Deletes the records of a lane below an offset; returns the lane's new first offset.
     *
     * @throws org.apache.kafka.common.KafkaException when the cluster does not do it in time
     */
    long delete(TopicPartition lane, long beforeOffset);
}
