using System.CommandLine;
using Sje.Web.Failures;

namespace Sje.Web.Cli;

/// <summary>The words of the command line, and how any of them ends.</summary>
internal static class CommandTree
{
    private const string Description = """
        SJE, the Spark Job Executor: takes long-running work, keeps it in PostgreSQL, runs it on whichever worker has room.

        Without a word it serves and works in one process, like 'all'.

        Exit codes: 0 done, the job succeeded; 1 the job failed; 2 wrong command line; 3 the job was cancelled or timed out; 4 not found or
        refused; 5 no server or database answers; 6 the server failed; 71 the machine or the database's schema stands in the way (a port is
        taken, the disk is full, the schema is newer than this version); 78 wrong configuration.
        """;

    /// <summary>Runs a command line to its exit code. Whatever goes wrong is told in lines for people, never as a stack trace.</summary>
    public static async Task<int> RunAsync(string[] args)
    {
        var root = Create();
        var parsed = root.Parse(args);
        if (
            parsed.Errors.Count > 0
            && parsed.Action is not System.CommandLine.Help.HelpAction
            && !CompletionCommand.IsQuestion(args)
        )
        {
            foreach (var error in parsed.Errors)
            {
                CliFailure.Write(WrongWord.Said(error));
            }

            await Console.Error.WriteLineAsync("sje --help tells the words, sje WORD --help the options of one.");
            return ExitCodes.Usage;
        }

        try
        {
            return await parsed.InvokeAsync(
                new InvocationConfiguration
                {
                    EnableDefaultExceptionHandler = false,
                    // Signals are the host's: the library's own would end a draining server after two seconds.
                    ProcessTerminationTimeout = null,
                }
            );
        }
        catch (FailureException told)
        {
            CliFailure.Write(told.Message, told.Faults);
            return told.ExitCode;
        }
        catch (Exception unforeseen) when (Environment.GetEnvironmentVariable("SJE_TRACE") is null)
        {
            CliFailure.Write($"{unforeseen.Message} ({unforeseen.GetType().Name}; SJE_TRACE=1 shows where)");
            return ExitCodes.ServerError;
        }
    }

    /// <summary>The words with their options, also for those who only read them.</summary>
    internal static RootCommand Create()
    {
        var root = new RootCommand(Description);
        Command[] commands =
        [
            UpCommand.Create(),
            .. RoleCommands.Create(root),
            RunCommand.Create(),
            SubmitCommand.Create(),
            BatchCommand.Create(),
            TopCommand.Create(),
            .. FileCommands.Create(),
            .. ExecutionCommands.Create(),
            LogsCommand.Create(),
            .. HistoryCommands.Create(),
            .. ExecutionChangeCommands.Create(),
            AdviceCommand.Create(),
            JobCommands.Create(),
            ScheduleCommands.Create(),
            DeadLetterCommands.Create(),
            OperationCommands.Create(),
            .. ListCommands.Create(),
            .. PauseCommands.OfAnything(),
            .. LimitCommands.Create(),
            .. ManagementCommands.Create(),
            KeyCommands.Create(),
            MigrateCommand.Create(),
            DoctorCommand.Create(),
            CompletionCommand.Create(),
            TaskChildCommand.Create(),
        ];
        foreach (var command in commands)
        {
            root.Subcommands.Add(command);
        }

        return root;
    }
}
