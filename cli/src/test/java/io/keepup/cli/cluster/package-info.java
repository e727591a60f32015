/**
 * A real cluster: three brokers in containers, everything copied three times and acknowledged by two, a registry that is not
 * ours, two Streams apps and three nodes as processes; and what is done to them while a workload writes and recoveries run.
 */
package io.keepup.cli.cluster;
