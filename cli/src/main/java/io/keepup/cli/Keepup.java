package io.keepup.cli;

import java.io.BufferedOutputStream;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.TimeZone;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.HelpCommand;

/** The {@code keepup} command. Exit code 0: done, 1: failed, 2: wrong usage. */
@Command(
        name = "keepup",
        description = "Keeps replicated block volumes in step: facts as events on Kafka, decisions by a pure fold.",
        mixinStandardHelpOptions = true,
        versionProvider = Keepup.Version.class,
        synopsisSubcommandLabel = "COMMAND",
        usageHelpAutoWidth = true,
        subcommands = {
            DemoCommand.class,
            UpCommand.class,
            StreamsCommand.class,
            NodeCommand.class,
            TopicsCommand.class,
            AssignCommand.class,
            StatusCommand.class,
            EventsCommand.class,
            AuditCommand.class,
            SessionsCommand.class,
            VolumeCommand.class,
            Wishes.Rebuild.class,
            Wishes.Cancel.class,
            BenchCommand.class,
            HelpCommand.class
        })
public final class Keepup {

    private static final int MAX_WIDTH = 100;

    private Keepup() {}

    public static void main(String[] args) {
        fixLocale();
        CommandLine command = commandLine()
                .setOut(new PrintWriter(System.out, true, StandardCharsets.UTF_8))
                .setErr(new PrintWriter(System.err, true, StandardCharsets.UTF_8));
        System.exit(run(command, args));
    }

    /**
     * Nothing that is stored, sent or printed may depend on where the process runs. Our own code takes nothing from the JVM's locale
     * and zone (LocaleRulesTest); Kafka does, down to the names of its files.
     */
    private static void fixLocale() {
        Locale.setDefault(Locale.ROOT);
        TimeZone.setDefault(TimeZone.getTimeZone("UTC"));
        System.setOut(utf8(FileDescriptor.out));
        System.setErr(utf8(FileDescriptor.err));
    }

    private static PrintStream utf8(FileDescriptor file) {
        return new PrintStream(new BufferedOutputStream(new FileOutputStream(file)), true, StandardCharsets.UTF_8);
    }

    /** Runs a command to its end; what it throws, an Error too, is one line and exit code 1. */
    private static int run(CommandLine command, String[] args) {
        try {
            return command.execute(args);
        } catch (Error e) { // picocli lets it through
            return Errors.broken(e, command, args);
        }
    }

    static CommandLine commandLine() {
        return new CommandLine(new Keepup())
                .setUsageHelpWidth(MAX_WIDTH)
                .setCaseInsensitiveEnumValuesAllowed(true)
                .setAbbreviatedOptionsAllowed(false)
                .setParameterExceptionHandler(Errors::wrongUsage)
                .setExecutionExceptionHandler(Errors::failed);
    }

    /** Version of the build, from the jar. */
    static final class Version implements CommandLine.IVersionProvider {
        @Override
        public String[] getVersion() {
            String version = Keepup.class.getPackage().getImplementationVersion();
            return new String[] {"keepup " + (version == null ? "(unpackaged)" : version)};
        }
    }
}
