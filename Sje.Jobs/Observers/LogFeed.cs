using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;
using Sje.Jobs.Storage;

namespace Sje.Jobs.Observers;

/// <summary>
/// Tells followers of logs when there is more to read. One statement in half a second asks for all of them, none while nobody follows.
/// </summary>
public sealed class LogFeed(LogReader reader, TimeProvider time, ILogger<LogFeed> log) : BackgroundService
{
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan FailurePause = TimeSpan.FromSeconds(2);

    private readonly Lock gate = new();
    private readonly Dictionary<object, (LogPosition Position, TaskCompletionSource Grown)> waiting = [];
    private TaskCompletionSource firstWaiter = NewSignal();

    /// <summary>Completes when the log has grown past a place, or its attempt has ended.</summary>
    public async Task WaitAsync(LogPosition position, CancellationToken stop)
    {
        var ticket = new object();
        var grown = NewSignal();
        lock (gate)
        {
            waiting.Add(ticket, (position, grown));
            firstWaiter.TrySetResult();
        }

        try
        {
            await grown.Task.WaitAsync(stop);
        }
        finally
        {
            lock (gate)
            {
                waiting.Remove(ticket);
            }
        }
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (true)
        {
            await NextFirstWaiter().WaitAsync(stoppingToken);
            try
            {
                await TellGrownAsync(stoppingToken);
                await Task.Delay(PollInterval, time, stoppingToken);
            }
            catch (NpgsqlException failure)
            {
                log.LogPollFailed(failure);
                await Task.Delay(FailurePause, time, stoppingToken);
            }
        }
    }

    private async Task TellGrownAsync(CancellationToken stop)
    {
        List<(LogPosition Position, TaskCompletionSource Grown)> asked;
        lock (gate)
        {
            asked = [.. waiting.Values];
            if (asked.Count == 0)
            {
                firstWaiter = NewSignal();
                return;
            }
        }

        var grown = await reader.FindGrownAsync(asked.ConvertAll(a => a.Position), stop);
        foreach (var (position, signal) in asked)
        {
            if (grown.Contains((position.TaskId, position.Attempt)))
            {
                signal.TrySetResult();
            }
        }
    }

    private Task NextFirstWaiter()
    {
        lock (gate)
        {
            return firstWaiter.Task;
        }
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
