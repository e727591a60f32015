/** Failures that repeat: how they are logged, how long to wait between two tries, and the limit that a process runs into. */
package io.keepup.service.failure;
