/** The superblock: the few durable facts that say what the rest of the directory means. */
package io.keepup.volume.superblock;
