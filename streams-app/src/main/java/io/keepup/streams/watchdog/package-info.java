/** Ends sessions that take too long or say nothing [C4], and misses primaries: by events on the log, so that a replay needs no clock. */
package io.keepup.streams.watchdog;
