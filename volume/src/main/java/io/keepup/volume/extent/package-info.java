/** The blocks: extent file, dirty map over the local WAL, and the store that reads and flushes through both. */
package io.keepup.volume.extent;
