/** The primary's side of a rebuild: what a base is made of ({@link BaseSource}), and how it gets to the replica. */
package io.keepup.node.base;
