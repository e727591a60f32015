/** Ends sessions that take too long or say nothing: by an event on the log, so that a replay needs no clock [C4]. */
package io.keepup.streams.watchdog;
