using Microsoft.Extensions.Logging.Abstractions;
using Sje.Core.Jobs;
using Sje.Jobs.Execution;
using Sje.Jobs.Queueing;
using Sje.Jobs.Storage;

namespace Sje.Tests.Support;

/// <summary>Logs as a worker writes them, without a worker.</summary>
internal static class WrittenLog
{
    private const int LinesBetweenFlushes = 50_000;

    /// <summary>Writes lines to the log of an attempt, in many chunks where they are many.</summary>
    public static async Task WriteAsync(
        Database database,
        Guid execution,
        Guid task,
        int attempt,
        IEnumerable<(LogStream Stream, string Text)> lines,
        CancellationToken stop
    )
    {
        await using var signals = new SignalsWithoutListener(database);
        using var claimed = new ClaimedTask
        {
            Identity = new AttemptIdentity(execution, task, "test", "main", attempt),
            WorkerId = Guid.NewGuid(),
            HangfireJobId = null,
            AcceptedAt = TimeProvider.System.GetUtcNow(),
            Queue = "default",
            Type = "process",
            Settings = [],
            Parameters = [],
            Retry = new RetrySpec(),
            Resources = new ResourceSpec(),
            RunTimeout = null,
            Failures = 0,
            ElapsedBefore = TimeSpan.Zero,
            Scope = new TemplateScope([]),
            Checkpoint = null,
            SingleTask = true,
        };
        await using var journal = new AttemptJournal(
            claimed,
            database,
            signals.Signals,
            TimeProvider.System,
            NullLogger.Instance
        );
        var written = 0;
        foreach (var (stream, text) in lines)
        {
            journal.Log(stream, text);
            if (++written % LinesBetweenFlushes == 0)
            {
                await journal.FlushAsync(stop);
            }
        }

        await journal.FlushAsync(stop);
    }

    private sealed class SignalsWithoutListener(Database database) : IAsyncDisposable
    {
        public Signals Signals { get; } = new(database, TimeProvider.System, NullLogger<Signals>.Instance);

        public ValueTask DisposeAsync()
        {
            Signals.Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
