/**
 * Everything by which a node's logic meets threads, waiting, Kafka and files. A simulator that implements it owns all that
 * happens in a node; nothing else in a node starts a thread, waits or touches a file, except block I/O over HTTP.
 */
package io.keepup.node.world;
