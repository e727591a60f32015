/**
 * The replication protocol as a pure fold: {@link io.keepup.engine.Guard} admits, {@link io.keepup.engine.Engine} decides
 * by a {@link io.keepup.engine.Policy}, {@link io.keepup.engine.Fold} does both. No Kafka, no files, no clock.
 */
package io.keepup.engine;
