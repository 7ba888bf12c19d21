using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;
using Sje.Jobs.Storage;

namespace Sje.Jobs.Queueing;

/// <summary>What a process may want to wake up for.</summary>
public enum SignalKind
{
    /// <summary>A task can be claimed, or needs its background job.</summary>
    Work,

    /// <summary>A running task is to be stopped, or a queue was paused or resumed.</summary>
    Control,

    /// <summary>An execution changed.</summary>
    Change,

    /// <summary>A schedule was made, changed, fired or removed.</summary>
    Schedule,
}

/// <summary>
/// Wakes loops of this process at once and those of others by NOTIFY. A NOTIFY inside every transaction takes PostgreSQL's group
/// commit away (PEERS.md), so after a commit a flag is raised here and a statement of its own tells all others: at once where there was none
/// just before, else a few milliseconds later for all that was raised meanwhile.
/// Signals are hints: every loop polls too, so a lost one costs a second, or a few where nothing urgent waits.
/// </summary>
public sealed partial class Signals(Database database, TimeProvider clock, ILogger<Signals> log) : BackgroundService
{
    private const string Channel = "sje";
    private static readonly TimeSpan Coalesce = TimeSpan.FromMilliseconds(4);
    private static readonly TimeSpan Retry = TimeSpan.FromMilliseconds(500);

    private readonly TaskCompletionSource[] pulses = [.. Enum.GetValues<SignalKind>().Select(_ => NewPulse())];
    private readonly SemaphoreSlim outgoing = new(0, 1);
    private readonly string sender = Guid.NewGuid().ToString("N");
    private int raised;

    /// <summary>Wakes this process now and the others within milliseconds.</summary>
    public void Raise(SignalKind signal)
    {
        Pulse(signal);
        Interlocked.Or(ref raised, 1 << (int)signal);
        try
        {
            outgoing.Release();
        }
        catch (SemaphoreFullException)
        {
            // A notification is on its way already and will carry this one.
        }
    }

    /// <summary>
    /// A task that ends at the next signal. Take it before looking at the database and await it afterwards, so that nothing that
    /// happens in between is missed.
    /// </summary>
    public Task Next(SignalKind signal) => Volatile.Read(ref pulses[(int)signal]).Task;

    /// <summary>Waits for <paramref name="next"/> or until <paramref name="atMost"/> has passed; false for the latter.</summary>
    public async Task<bool> WaitAsync(Task next, TimeSpan atMost, CancellationToken stop)
    {
        try
        {
            await next.WaitAsync(atMost, clock, stop);
            return true;
        }
        catch (TimeoutException)
        {
            // The poll that stands behind every signal.
            return false;
        }
    }

    /// <inheritdoc/>
    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Task.WhenAll(SendAsync(stoppingToken), ListenAsync(stoppingToken));

    private static TaskCompletionSource NewPulse() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private void Pulse(SignalKind signal) => Interlocked.Exchange(ref pulses[(int)signal], NewPulse()).TrySetResult();

    private async Task SendAsync(CancellationToken stop)
    {
        var sent = 0L;
        while (!stop.IsCancellationRequested)
        {
            await outgoing.WaitAsync(stop);
            if (sent != 0 && clock.GetElapsedTime(sent) < Coalesce)
            {
                await Task.Delay(Coalesce, clock, stop);
            }

            sent = clock.GetTimestamp();
            var flags = Interlocked.Exchange(ref raised, 0);
            if (flags == 0)
            {
                continue;
            }

            try
            {
                await using var command = database.Main.CreateCommand("select pg_notify($1, $2)");
                command.Parameters.Add(new() { Value = Channel });
                command.Parameters.Add(new() { Value = $"{sender} {flags}" });
                await command.ExecuteNonQueryAsync(stop);
            }
            catch (NpgsqlException e)
            {
                // Others find the work by their polls.
                LogNotifyFailed(log, e.Message);
            }
        }
    }

    private async Task ListenAsync(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            try
            {
                await using var connection = await database.Main.OpenConnectionAsync(stop);
                connection.Notification += (_, e) => Receive(e.Payload);
                await using (var listen = new NpgsqlCommand($"listen {Channel}", connection))
                {
                    await listen.ExecuteNonQueryAsync(stop);
                }

                // Whatever was said while nobody listened.
                foreach (var signal in Enum.GetValues<SignalKind>())
                {
                    Pulse(signal);
                }

                while (true)
                {
                    await connection.WaitAsync(stop);
                }
            }
            catch (NpgsqlException e)
            {
                LogListenFailed(log, e.Message);
                await Task.Delay(Retry, clock, stop);
            }
        }
    }

    private void Receive(string payload)
    {
        // What comes from here was heard here when it was raised.
        if (payload.Split(' ') is [var from, var flags] && from != sender && int.TryParse(flags, out var bits))
        {
            foreach (var signal in Enum.GetValues<SignalKind>())
            {
                if ((bits & (1 << (int)signal)) != 0)
                {
                    Pulse(signal);
                }
            }
        }
    }

    [LoggerMessage(110, LogLevel.Debug, "Could not notify other processes: {Reason}")]
    private static partial void LogNotifyFailed(ILogger logger, string reason);

    [LoggerMessage(111, LogLevel.Debug, "Not listening for notifications: {Reason}")]
    private static partial void LogListenFailed(ILogger logger, string reason);
}
