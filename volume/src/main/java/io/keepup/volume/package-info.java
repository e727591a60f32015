/**
 * A replicated block volume on disk: superblock, local WAL, dirty map, extent, checkpoint, and the rebuild sessions on it.
 *
 * <p>Knows nothing of Kafka, Avro or the engine. Start at {@link io.keepup.volume.Volume}.
 */
package io.keepup.volume;
