/**
 * Holds the source tree to its own rules: what each module may see, no cycles between packages, rule numbers that exist. Tests
 * alone.
 */
package io.keepup.architecture;
