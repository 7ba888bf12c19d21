using Sje.Core.Jobs;

namespace Sje.Jobs.Engines.Noop;

/// <summary>Runs <see cref="NoopTaskType"/>: waits, and succeeds. A stop ends the wait at once.</summary>
internal sealed class NoopEngine(TimeProvider clock) : IEngine
{
    /// <inheritdoc/>
    public string Type => "noop";

    /// <inheritdoc/>
    public EnginePlacement Placement => EnginePlacement.Worker;

    /// <inheritdoc/>
    public bool UsesFiles => false;

    /// <inheritdoc/>
    public async Task<EngineResult> RunAsync(EngineContext context, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(context);
        var wait = context.Settings["waitMs"]?.GetValue<int>() ?? 0;
        stop.ThrowIfCancellationRequested();
        if (wait > 0)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(wait), clock, stop);
        }

        return new EngineResult();
    }
}
