using Sje.Core.Jobs;
using Sje.Jobs.Execution;

namespace Sje.Jobs.Engines.Process;

/// <summary>
/// Runs commands: <c>process: {command: [program, arguments...] | shell text, env, stdin, workingDirectory}</c>. It lives in the
/// worker, since what it drives is a child process already.
/// </summary>
internal sealed class ProcessEngine(TaskProcess processes) : IEngine
{
    public string Type => "process";

    public EnginePlacement Placement => EnginePlacement.Worker;

    public async Task<EngineResult> RunAsync(EngineContext context, CancellationToken stop)
    {
        TaskCommand command;
        try
        {
            command = ProcessSettings.Read(context.Settings, context.Scope, context.StorageRoot);
        }
        catch (Exception e) when (e is TemplateException or FormatException)
        {
            return new EngineResult { Error = new TaskError("invalid", e.Message) };
        }

        if (!Directory.Exists(command.WorkingDirectory))
        {
            return new EngineResult
            {
                Error = new TaskError(
                    "error",
                    $"The working directory '{command.WorkingDirectory}' is not there on this worker."
                ),
            };
        }

        var result = await processes.RunAsync(command, context, stop);
        return new EngineResult { Error = result.Error, Outputs = result.Outputs };
    }
}
