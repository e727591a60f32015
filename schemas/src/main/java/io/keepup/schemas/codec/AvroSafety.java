package io.keepup.schemas.codec;

import org.apache.avro.util.ClassSecurityValidator;

/** What Avro may do in this process: which classes a schema may name, and how much one length field may allocate. */
public final class AvroSafety {

    private static final String TRUSTED_PACKAGES = "io.keepup.";
    private static final int MAX_LENGTH = 16 << 20;
    private static final int MAX_ITEMS = 1 << 20;

    static {
        // A garbled length must not make Avro allocate gigabytes before it notices; read once, when Avro loads.
        limit("org.apache.avro.limits.bytes.maxLength", MAX_LENGTH);
        limit("org.apache.avro.limits.string.maxLength", MAX_LENGTH);
        limit("org.apache.avro.limits.collectionItems.maxLength", MAX_ITEMS);
        ClassSecurityValidator.setGlobal(ClassSecurityValidator.composite(
                ClassSecurityValidator.getGlobal(), type -> type.getName().startsWith(TRUSTED_PACKAGES)));
    }

    private AvroSafety() {}

    /** Call before the first use of Avro; once is enough, more does no harm. */
    public static void install() {
        // loading the class did it
    }

    private static void limit(String property, int value) {
        if (System.getProperty(property) == null) {
            System.setProperty(property, String.valueOf(value));
        }
    }
}
