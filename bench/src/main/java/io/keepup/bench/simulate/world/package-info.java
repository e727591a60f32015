/** Who takes part in a history: nodes and the Streams app, which are the real ones, and whoever assigns, wishes and writes. */
package io.keepup.bench.simulate.world;
