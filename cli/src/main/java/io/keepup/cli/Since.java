package io.keepup.cli;

import java.time.Duration;
import java.time.Instant;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** A time, or how long ago it was: {@code 30m}, {@code 2h}, {@code 7d}, {@code 2026-03-01T14:00:00}. */
final class Since implements ITypeConverter<Instant> {

    private static final Pattern AGO = Pattern.compile("(\\d{1,6})([smhd])");

    @Override
    public Instant convert(String text) {
        Matcher ago = AGO.matcher(text);
        if (!ago.matches()) {
            return Until.Form.time(text)
                    .orElseThrow(() -> new TypeConversionException(
                            "'" + text + "' is no time: write it like 30m, 2h or 7d, or like 2026-03-01T14:00:00"));
        }
        long count = Long.parseLong(ago.group(1));
        Duration duration =
                switch (ago.group(2)) {
                    case "s" -> Duration.ofSeconds(count);
                    case "m" -> Duration.ofMinutes(count);
                    case "h" -> Duration.ofHours(count);
                    default -> Duration.ofDays(count);
                };
        return Instant.now().minus(duration);
    }
}
