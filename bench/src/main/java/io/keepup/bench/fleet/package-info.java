/** Several instances of the Streams app as processes of their own: killed and restarted under load, and what they wrote proven. */
package io.keepup.bench.fleet;
