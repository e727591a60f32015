/** How fast a volume takes writes, against a plain file with the same fsyncs. */
package io.keepup.bench.write;
