/** An audit in a file: written from a cluster, replayed anywhere without one. */
package io.keepup.streams.audit.file;
