/** A directory that one process has to itself, whose format it knows, and small files in it that are whole or not there. */
package io.keepup.service.directory;
