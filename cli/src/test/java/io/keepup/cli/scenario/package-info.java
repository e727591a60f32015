/**
 * Acceptance scenarios on real parts: embedded broker and registry, the Streams app, storage nodes with volumes on disk. A
 * test's name begins with the row of the acceptance table that it proves.
 */
package io.keepup.cli.scenario;
