/** What must hold in every history: the eight invariants, against a model of what was written. */
package io.keepup.bench.simulate.check;
