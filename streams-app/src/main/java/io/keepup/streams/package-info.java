/** Kafka Streams around the engine: one running instance ({@link io.keepup.streams.KeepupStreams}), its settings and what must be there
 * before it starts. */
package io.keepup.streams;
