/** Virtual time and cooperative tasks: one task of a history runs at a time, and the seed says which. */
package io.keepup.bench.simulate.time;
