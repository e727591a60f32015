/** What goes into the fold (events) and what comes out of it (commands), as plain records. */
package io.keepup.engine.message;
