using Microsoft.Extensions.Logging;
using Sje.Core.Jobs;

namespace Sje.Jobs.Execution;

/// <summary>Runs attempts where their engine says: in this process, or in a child of it.</summary>
public sealed class EngineHost
{
    private readonly ChildEngineHost children;
    private readonly ILogger<EngineHost> logger;

    /// <summary>Made by the container.</summary>
    internal EngineHost(ChildEngineHost children, ILogger<EngineHost> logger)
    {
        this.children = children;
        this.logger = logger;
    }

    /// <summary>
    /// Runs one attempt to its end. An exception of the engine becomes an error of the attempt, so it says nothing about this worker.
    /// </summary>
    /// <exception cref="OperationCanceledException"><paramref name="stop"/> fired and everything that ran is gone.</exception>
    public async Task<EngineResult> RunAsync(IEngine engine, EngineContext context, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(engine);
        ArgumentNullException.ThrowIfNull(context);
        try
        {
            return engine.Placement == EnginePlacement.Child
                ? await children.RunAsync(engine.Type, context, stop)
                : await engine.RunAsync(context, stop);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            throw;
        }
        catch (Exception e)
        {
            var identity = context.Identity;
            ExecutionLog.EngineFailed(logger, engine.Type, identity.Attempt, identity.TaskId, identity.ExecutionId, e);
            return new EngineResult { Error = EngineFailure.From(e) };
        }
    }
}
