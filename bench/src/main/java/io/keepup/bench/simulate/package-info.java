/**
 * The deterministic simulator: histories of real nodes, the real fold and real volumes on simulated disks and a simulated
 * log, each from one seed, with the protocol's invariants checked all along.
 */
package io.keepup.bench.simulate;
