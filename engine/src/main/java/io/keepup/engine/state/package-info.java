/** What the fold remembers of one volume: immutable, sorted, equal by value. */
package io.keepup.engine.state;
