/**
 * HTTP as every server here speaks it: a request that makes no sense is refused with one sentence before anything is done, HEAD is GET
 * without the body, a method that a path does not have is 405.
 */
package io.keepup.service.http;
