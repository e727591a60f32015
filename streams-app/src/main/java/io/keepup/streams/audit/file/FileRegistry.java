package io.keepup.streams.audit.file;

import io.keepup.schemas.registry.SchemaRegistry;
import io.keepup.schemas.registry.UnknownSchemaException;
import java.util.HashMap;
import java.util.Map;
import org.apache.avro.Schema;

/** The schemas in a file, under the ids they had in the registry; what the file lacks gets an id of its own. */
final class FileRegistry implements SchemaRegistry {

    private final Map<Integer, Schema> schemas = new HashMap<>();
    private final Map<Schema, Integer> ids = new HashMap<>();
    private int own;

    void put(int id, Schema schema) {
        schemas.put(id, schema);
        ids.putIfAbsent(schema, id);
    }

    @Override
    public int idOf(String subject, Schema schema) {
        Integer known = ids.get(schema);
        if (known != null) {
            return known;
        }
        int next = Integer.MAX_VALUE - own++; // no registry comes that far
        put(next, schema);
        return next;
    }

    @Override
    public Schema byId(int id) {
        Schema schema = schemas.get(id);
        if (schema == null) {
            throw new UnknownSchemaException(id);
        }
        return schema;
    }

    @Override
    public int register(String subject, Schema schema) {
        throw new UnsupportedOperationException("an exported audit takes no new schemas");
    }
}
