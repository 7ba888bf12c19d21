using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging;
using Npgsql;
using NpgsqlTypes;
using Sje.Core.Jobs;
using Sje.Jobs.Queueing;
using Sje.Jobs.Storage;
using static Sje.Jobs.Queueing.BatchBuilder;

namespace Sje.Jobs.Execution;

/// <summary>
/// Carries what a running attempt says into the database: log lines in chunks, the present progress and figures, the last checkpoint.
/// All of it is gathered and written twice a second in one round trip. Progress and checkpoints are fenced by attempt and worker; log
/// lines carry their attempt's number and can be nobody else's. While the database is away, lines gather up to a bound.
/// </summary>
internal sealed partial class AttemptJournal(
    ClaimedTask task,
    Database database,
    Signals signals,
    TimeProvider clock,
    ILogger log
) : ITaskReporter, IAsyncDisposable
{
    // A chunk whose answer was lost is sent again. By then it may have become part of a larger one.
    private const string AddLines = """
        insert into sje.log_chunks (execution_id, task_id, attempt, first_line, line_count, body, packed,
            error_lines, warn_lines, info_lines, debug_lines, stderr_lines, first_error, first_stderr, first_at, last_at)
        select $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16 where not exists (
            select 1 from sje.log_chunks c
            where c.execution_id = $1 and c.task_id = $2 and c.attempt = $3 and c.first_line <= $4 and c.first_line + c.line_count > $4)
        on conflict do nothing
        """;

    private const string SetProgress = """
        update sje.tasks set progress = coalesce($4, progress), progress_message = coalesce($5, progress_message),
            metrics = coalesce($6, metrics)
        where id = $1 and attempt = $2 and worker_id = $3 and state = 'running'
        """;

    private const string SaveCheckpoint = """
        insert into sje.checkpoints (task_id, execution_id, attempt, body)
        select id, execution_id, attempt, $4 from sje.tasks where id = $1 and attempt = $2 and worker_id = $3 and state = 'running'
        on conflict (task_id) do update set attempt = excluded.attempt, saved_at = now(), body = excluded.body
        """;

    private const int MaxBuffered = 16 * 1024 * 1024;

    // A task that writes this much in less than the interval does not wait for it: else its lines would be lost although the database is there.
    private const int Much = 2 * 1024 * 1024;
    private const int MaxChunk = 256 * 1024;
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500);

    private readonly Lock gate = new();
    private readonly SemaphoreSlim writing = new(1, 1);
    private readonly CancellationTokenSource stopping = new();
    private readonly JsonObject metrics = [];
    private readonly List<Chunk> chunks = [];
    private StringBuilder lines = new();
    private int lineCount;
    private long nextLine = 1;
    private long buffered;
    private long dropped;
    private (double? Fraction, string? Message) progress;
    private bool progressChanged;
    private bool metricsChanged;
    private JsonNode? checkpoint;
    private Task? loop;
    private TaskCompletionSource hasMuch = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>The figures reported so far, or null when there are none.</summary>
    public JsonObject? Metrics
    {
        get
        {
            lock (gate)
            {
                return metrics.Count == 0 ? null : (JsonObject)metrics.DeepClone();
            }
        }
    }

    /// <summary>Begins to write.</summary>
    public void Start() => loop = WriteRegularlyAsync(stopping.Token);

    /// <inheritdoc/>
    public void Log(LogStream stream, string line)
    {
        lock (gate)
        {
            if (buffered > MaxBuffered)
            {
                dropped++;
                return;
            }

            if (dropped > 0)
            {
                Append(LogStream.System, $"{dropped} lines were lost here: the database was away for too long");
                dropped = 0;
            }

            Append(stream, line);
            if (buffered > Much)
            {
                hasMuch.TrySetResult();
            }
        }
    }

    /// <inheritdoc/>
    public void Progress(double fraction, string? message)
    {
        lock (gate)
        {
            progress = (Math.Clamp(double.IsNaN(fraction) ? 0 : fraction, 0, 1), message ?? progress.Message);
            progressChanged = true;
        }
    }

    /// <inheritdoc/>
    public void Metric(string name, double value)
    {
        lock (gate)
        {
            metrics[name] = double.IsFinite(value) ? value : value.ToString(CultureInfo.InvariantCulture);
            metricsChanged = true;
        }
    }

    /// <inheritdoc/>
    public void Checkpoint(JsonNode value)
    {
        lock (gate)
        {
            checkpoint = value.DeepClone();
        }
    }

    /// <summary>Writes what has gathered; what could not be written is kept for the next time.</summary>
    /// <exception cref="NpgsqlException">The database could not be reached.</exception>
    public async Task FlushAsync(CancellationToken cancellationToken)
    {
        await writing.WaitAsync(cancellationToken);
        try
        {
            var work = Gather();
            if (work.Empty)
            {
                return;
            }

            try
            {
                await WriteAsync(work, cancellationToken);
            }
            catch
            {
                PutBack(work);
                throw;
            }

            lock (gate)
            {
                buffered -= work.Chunks.Sum(c => c.Body.Length);
            }

            signals.Raise(SignalKind.Change);
        }
        finally
        {
            writing.Release();
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        if (loop is not null)
        {
            await loop;
        }

        stopping.Dispose();
        writing.Dispose();
    }

    private async Task WriteRegularlyAsync(CancellationToken stop)
    {
        try
        {
            while (true)
            {
                await Task.WhenAny(Task.Delay(Interval, clock, stop), NextMuch());
                stop.ThrowIfCancellationRequested();
                try
                {
                    await FlushAsync(stop);
                }
                catch (NpgsqlException e)
                {
                    LogWriteFailed(log, task.Identity.ExecutionId, task.Identity.Attempt, e.Message);
                    await Task.Delay(Interval, clock, stop);
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The end of the attempt; its owner flushes once more.
        }
    }

    private Task NextMuch()
    {
        lock (gate)
        {
            if (hasMuch.Task.IsCompleted && buffered <= Much)
            {
                hasMuch = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            }

            return hasMuch.Task;
        }
    }

    private void Append(LogStream stream, string line)
    {
        lines
            .Append(
                stream switch
                {
                    LogStream.Stdout => 'o',
                    LogStream.Stderr => 'e',
                    _ => 's',
                }
            )
            .Append(' ')
            .Append(clock.GetUtcNow().ToUnixTimeMilliseconds())
            .Append(' ');
        var start = lines.Length;
        lines.Append(StorableText.Clean(line)).Replace('\n', ' ', start, lines.Length - start).Append('\n');
        buffered += line.Length + 18;
        lineCount++;
        if (lines.Length >= MaxChunk)
        {
            CloseChunk();
        }
    }

    private void CloseChunk()
    {
        if (lineCount == 0)
        {
            return;
        }

        lines.Length--; // the last line break: chunks join with one
        chunks.Add(new Chunk(nextLine, lineCount, lines.ToString()));
        nextLine += lineCount;
        (lines, lineCount) = (new StringBuilder(), 0);
    }

    private Unwritten Gather()
    {
        lock (gate)
        {
            CloseChunk();
            var work = new Unwritten(
                [.. chunks],
                progressChanged ? progress : null,
                metricsChanged ? StorableText.Json(metrics) : null,
                checkpoint
            );
            chunks.Clear();
            (progressChanged, metricsChanged, checkpoint) = (false, false, null);
            return work;
        }
    }

    private void PutBack(Unwritten work)
    {
        lock (gate)
        {
            chunks.InsertRange(0, work.Chunks);
            progressChanged |= work.Progress is not null;
            metricsChanged |= work.Metrics is not null;
            checkpoint ??= work.Checkpoint;
        }
    }

    private async Task WriteAsync(Unwritten work, CancellationToken cancellationToken)
    {
        var id = task.Identity;
        await using var connection = await database.Main.OpenConnectionAsync(cancellationToken);
        await using var batch = new NpgsqlBatch(connection);
        foreach (var chunk in work.Chunks)
        {
            var body = LogBody.Of(chunk.Body, LogBody.Quick);
            batch.Add(
                AddLines,
                [
                    P(id.ExecutionId),
                    P(id.TaskId),
                    P(id.Attempt),
                    P(chunk.FirstLine),
                    P(chunk.LineCount),
                    P(body.Plain),
                    P(body.Packed, NpgsqlDbType.Bytea),
                    .. LogCounts.Of(new LogBody(chunk.Body, null)).Parameters(),
                ]
            );
        }

        if (work.Progress is not null || work.Metrics is not null)
        {
            batch.Add(
                SetProgress,
                P(id.TaskId),
                P(id.Attempt),
                P(task.WorkerId),
                P((float?)work.Progress?.Fraction, NpgsqlDbType.Real),
                P(work.Progress?.Message is { } message ? StorableText.Clean(message) : null),
                Json(work.Metrics)
            );
        }

        if (work.Checkpoint is { } saved)
        {
            batch.Add(SaveCheckpoint, P(id.TaskId), P(id.Attempt), P(task.WorkerId), Json(StorableText.Json(saved)));
        }

        await batch.ExecuteNonQueryAsync(cancellationToken);
    }

    private sealed record Chunk(long FirstLine, int LineCount, string Body);

    private sealed record Unwritten(
        List<Chunk> Chunks,
        (double? Fraction, string? Message)? Progress,
        string? Metrics,
        JsonNode? Checkpoint
    )
    {
        public bool Empty => Chunks.Count == 0 && Progress is null && Metrics is null && Checkpoint is null;
    }

    [LoggerMessage(
        200,
        LogLevel.Debug,
        "Log and progress of {ExecutionId}, attempt {Attempt}, wait for the database: {Reason}"
    )]
    private static partial void LogWriteFailed(ILogger logger, Guid executionId, int attempt, string reason);
}
