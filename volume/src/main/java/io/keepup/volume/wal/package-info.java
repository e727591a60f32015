/** The local WAL: segment files of checksummed entries, group commit, recovery, recycling. */
package io.keepup.volume.wal;
