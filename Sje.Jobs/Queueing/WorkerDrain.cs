using Microsoft.Extensions.Hosting;

namespace Sje.Jobs.Queueing;

/// <summary>
/// Drains the worker when the host begins to stop: before any hosted service is stopped, so heartbeats, feed and Hangfire's threads are
/// still there for the tasks that end meanwhile.
/// </summary>
internal sealed class WorkerDrain(WorkerSession session, StopTimes times, TimeProvider clock) : IHostedLifecycleService
{
    /// <inheritdoc/>
    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(times.Drain, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        await session.DrainAsync(either.Token);
    }

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
