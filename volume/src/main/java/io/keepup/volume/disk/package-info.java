/** Files as the volume needs them: whole reads and writes, fsync, and failures as one-line {@code VolumeException}s. */
package io.keepup.volume.disk;
