/** A volume in use, as the demo and the acceptance scenarios need it: nodes, a workload, and a watch on the topics. */
package io.keepup.cli.rig;
