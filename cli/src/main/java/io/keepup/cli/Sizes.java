package io.keepup.cli;

import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Sizes as people write them: {@code 4096}, {@code 64MiB}, {@code 1GiB}. */
public final class Sizes implements ITypeConverter<Long> {

    private static final Pattern FORM =
            Pattern.compile("(\\d{1,12})\\s*(B|KiB|MiB|GiB|TiB)?", Pattern.CASE_INSENSITIVE);
    private static final String[] UNITS = {"B", "KiB", "MiB", "GiB", "TiB"};

    @Override
    public Long convert(String text) {
        Matcher m = FORM.matcher(text.strip());
        if (!m.matches()) {
            throw new TypeConversionException("'" + text + "' is not a size: write it like 4096, 64MiB or 1GiB");
        }
        long bytes = Long.parseLong(m.group(1));
        for (int unit = 0; unit < UNITS.length; unit++) {
            if (m.group(2) == null || UNITS[unit].equalsIgnoreCase(m.group(2))) {
                if (bytes > Long.MAX_VALUE >> 10 * unit) {
                    throw new TypeConversionException("'" + text + "' is more than can be counted in bytes");
                }
                return bytes << 10 * unit;
            }
        }
        throw new IllegalStateException(text);
    }

    /** Bytes for people, in binary units: {@code 64.0 MiB}. */
    public static String text(long bytes) {
        double value = bytes;
        int unit = 0;
        while (value >= 1024 && unit < UNITS.length - 1) {
            value /= 1024;
            unit++;
        }
        return unit == 0 ? bytes + " B" : String.format(Locale.ROOT, "%.1f %s", value, UNITS[unit]);
    }
}
