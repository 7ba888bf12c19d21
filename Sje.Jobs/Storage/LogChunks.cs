using System.Runtime.CompilerServices;
using Npgsql;
using NpgsqlTypes;

namespace Sje.Jobs.Storage;

/// <summary>Whose log: one attempt's.</summary>
public readonly record struct LogKey(Guid ExecutionId, Guid TaskId, int Attempt);

/// <summary>Lines of a log that are wanted: those from From to To, both among them, which pass the filter if there is one.</summary>
public sealed record LogRange(long From = 0, long To = long.MaxValue, LineFilter? Level = null)
{
    /// <summary>Whether a line of this number is among them.</summary>
    internal bool Has(long number) => number >= From && number <= To;
}

/// <summary>A chunk as its reader gets it: the number of its first line, and its lines.</summary>
internal readonly record struct LogChunk(long FirstLine, LogBytes Lines);

/// <summary>
/// Reads a log chunk by chunk. Chunks are unpacked and looked at on several cores, while the database sends the next ones; what comes out is in
/// the order of the log. A log of a million lines is some 250 chunks of a megabyte, packed to a tenth: one core unpacks them in two thirds of a
/// second, so that is where the time goes.
/// </summary>
internal sealed class LogChunks(Database database)
{
    // Of all readers together: more than one a core helps nobody.
    private static readonly SemaphoreSlim Cores = new(Environment.ProcessorCount);

    private static readonly int Ahead = Environment.ProcessorCount * 2;

    /// <summary>What <paramref name="look"/> makes of each chunk that may have wanted lines, in order. It runs on several threads at once.</summary>
    public async IAsyncEnumerable<T> ScanAsync<T>(
        LogKey key,
        LogRange range,
        Func<LogChunk, T> look,
        [EnumeratorCancellation] CancellationToken stop
    )
    {
        var running = new Queue<Task<T>>();
        // A connection of its own: the command of a data source cannot be cancelled.
        await using var connection = await database.Main.OpenConnectionAsync(stop);
        await using var command = new NpgsqlCommand(Sql(range.Level), connection);
        command.Parameters.Add(new NpgsqlParameter { Value = key.ExecutionId });
        command.Parameters.Add(new NpgsqlParameter { Value = key.TaskId });
        command.Parameters.Add(new NpgsqlParameter { Value = key.Attempt });
        command.Parameters.Add(new NpgsqlParameter { Value = range.From, NpgsqlDbType = NpgsqlDbType.Bigint });
        command.Parameters.Add(new NpgsqlParameter { Value = range.To, NpgsqlDbType = NpgsqlDbType.Bigint });
        await using var row = await command.ExecuteReaderAsync(stop);
        var more = true;
        try
        {
            while (more || running.Count > 0)
            {
                while (more && running.Count < Ahead)
                {
                    more = await row.ReadAsync(stop);
                    if (more)
                    {
                        var first = row.GetInt64(0);
                        var body = await BodyAsync(row, 1, stop);
                        running.Enqueue(Task.Run(() => LookAsync(first, body, look, stop), stop));
                    }
                }

                if (running.Count > 0)
                {
                    // It stays in the queue until it is done, so that a stop waits for it.
                    var result = await running.Peek();
                    _ = running.Dequeue();
                    yield return result;
                }
            }
        }
        finally
        {
            await Task.WhenAll(running).ContinueWith(_ => { }, TaskScheduler.Default);
            if (more)
            {
                // The rest of the rows is not wanted: a reader that is only disposed would read through them.
                command.Cancel();
            }
        }
    }

    /// <summary>The body in two columns of a row.</summary>
    public static async ValueTask<LogBody> BodyAsync(NpgsqlDataReader row, int column, CancellationToken stop) =>
        new(
            await row.IsDBNullAsync(column, stop) ? null : row.GetString(column),
            await row.IsDBNullAsync(column + 1, stop) ? null : row.GetFieldValue<byte[]>(column + 1)
        );

    private static async Task<T> LookAsync<T>(long first, LogBody body, Func<LogChunk, T> look, CancellationToken stop)
    {
        await Cores.WaitAsync(stop);
        try
        {
            using var lines = LogBytes.Of(body);
            return look(new LogChunk(first, lines));
        }
        finally
        {
            Cores.Release();
        }
    }

    // A chunk that is not counted may have anything.
    private static string Sql(LineFilter? level) =>
        $"""
            select first_line, body, packed from sje.log_chunks
            where execution_id = $1 and task_id = $2 and attempt = $3
              and first_line >= coalesce((select max(first_line) from sje.log_chunks
                                          where execution_id = $1 and task_id = $2 and attempt = $3 and first_line <= $4), 0)
              and first_line <= $5
              {(level is { } wanted ? $"and (error_lines is null or {wanted.CountSql()} > 0)" : "")}
            order by first_line
            """;
}
