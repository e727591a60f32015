/** Text that others wrote, as it is logged, kept and printed. */
package io.keepup.service.text;
