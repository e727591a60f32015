package io.keepup.schemas.registry;

import io.keepup.schemas.topic.TopicSpec;
import java.util.Collection;
import org.apache.avro.Schema;

/** Registers what the topics may hold; done by whoever creates a topic, so that no producer ever registers on its own. */
public final class SchemaRegistration {

    private SchemaRegistration() {}

    /**
     * Registers every record type of every topic under its subject.
     *
     * @return how many subjects there are
     * @throws RegistryException when one is refused, or the registry cannot be reached
     */
    public static int registerAll(SchemaRegistry registry, Collection<TopicSpec> topics) {
        int subjects = 0;
        for (TopicSpec topic : topics) {
            for (Schema schema : topic.records()) {
                registry.register(SchemaRegistry.subject(topic.name(), schema), schema);
                subjects++;
            }
        }
        return subjects;
    }
}
