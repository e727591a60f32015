package io.keepup.cli;

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
        System.exit(commandLine().execute(args));
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
