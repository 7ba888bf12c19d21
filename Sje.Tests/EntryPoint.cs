using Sje.Jobs.Execution;
using Sje.Tests.Chaos.Storm;
using Sje.Tests.Integration.Engines.Spark.Following;
using Sje.Tests.Integration.Execution;

namespace Sje.Tests;

/// <summary>The runner of the tests, and the program that tests start as a child or as a worker of its own.</summary>
internal static class EntryPoint
{
    public static async Task<int> Main(string[] args) =>
        args switch
        {
            [SelfCommand.Verb, var request] => await TaskChild.RunAsync(
                request,
                TestEngine.All,
                CancellationToken.None
            ),
            [WorkerProgram.Verb, var root, var script] => await WorkerProgram.RunAsync(root, script),
            [StormProgram.Verb, .. var words] => await StormProgram.RunAsync(words),
            [HistoryProgram.Verb, var home, var folder] => await HistoryProgram.RunAsync(home, folder),
            _ when args.Contains("-automated") || args.Contains("@@") =>
                await Xunit.Runner.InProc.SystemConsole.ConsoleRunner.Run(args),
            _ => await Xunit.MicrosoftTestingPlatform.TestPlatformTestFramework.RunAsync(
                args,
                SelfRegisteredExtensions.AddSelfRegisteredExtensions
            ),
        };
}
