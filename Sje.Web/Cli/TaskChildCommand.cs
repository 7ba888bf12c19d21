using System.CommandLine;
using Sje.Jobs.Engines;
using Sje.Jobs.Execution;

namespace Sje.Web.Cli;

/// <summary>The hidden verb by which a worker starts this binary as the child process of an engine.</summary>
internal static class TaskChildCommand
{
    private static readonly Argument<string> Request = new("request")
    {
        Description = "The file that says what to run",
    };

    public static Command Create()
    {
        var command = new Command(SelfCommand.Verb, "Run one attempt for a worker") { Request };
        command.Hidden = true;
        command.SetAction(
            (parsed, stop) => TaskChild.RunAsync(parsed.GetRequiredValue(Request), BuiltInEngines.ForChildren(), stop)
        );
        return command;
    }
}
