/** The log of a simulated history: topics that all share, and each client's own view of them. */
package io.keepup.bench.simulate.log;
