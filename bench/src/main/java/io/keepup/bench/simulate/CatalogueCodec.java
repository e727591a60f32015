package io.keepup.bench.simulate;

import io.keepup.schemas.codec.ConfluentAvroCodec;
import io.keepup.schemas.codec.RecordCodec;
import io.keepup.schemas.registry.RegistryException;
import io.keepup.schemas.registry.SchemaRegistry;
import io.keepup.schemas.registry.UnknownSchemaException;
import io.keepup.schemas.topic.TopicSpec;
import io.keepup.schemas.topic.Topics;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.avro.Schema;

/** The real codec over a registry that holds the catalogue's schemas, with ids in their order: the same in every run. */
public final class CatalogueCodec {

    private CatalogueCodec() {}

    /** A codec for all histories; thread-safe. */
    public static RecordCodec create() {
        return new ConfluentAvroCodec(new Catalogue());
    }

    private static final class Catalogue implements SchemaRegistry {
        private final List<Schema> schemas = new ArrayList<>();
        private final Map<String, Integer> ids = new HashMap<>();

        Catalogue() {
            List<TopicSpec> topics = new ArrayList<>(Topics.shared(1));
            topics.addAll(Topics.lanes("any"));
            for (TopicSpec topic : topics) {
                for (Schema schema : topic.records()) {
                    if (ids.putIfAbsent(schema.getFullName(), schemas.size()) == null) {
                        schemas.add(schema);
                    }
                }
            }
        }

        @Override
        public int idOf(String subject, Schema schema) {
            Integer id = ids.get(schema.getFullName());
            if (id == null) {
                throw new RegistryException(schema.getFullName() + " is not in the catalogue");
            }
            return id;
        }

        @Override
        public Schema byId(int id) {
            if (id < 0 || id >= schemas.size()) {
                throw new UnknownSchemaException(id);
            }
            return schemas.get(id);
        }

        @Override
        public int register(String subject, Schema schema) {
            return idOf(subject, schema);
        }
    }
}
