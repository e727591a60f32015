/** Page, API, metrics and health over HTTP. */
package io.keepup.streams.http;
