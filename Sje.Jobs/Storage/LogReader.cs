using System.Globalization;
using Npgsql;
using NpgsqlTypes;
using Sje.Core.Jobs;

namespace Sje.Jobs.Storage;

/// <summary>A line of a log; numbers rise within an attempt.</summary>
public sealed record LogLine(long Number, DateTimeOffset At, LogStream Stream, string Text);

/// <summary>Whose log, and how much of it there is: lines from FirstLine up to before NextLine. Ended: this attempt writes no further line; TaskEnded: neither does another.</summary>
public sealed record LogHead(
    Guid TaskId,
    string Task,
    int Attempt,
    long FirstLine,
    long NextLine,
    bool Ended,
    bool TaskEnded
);

/// <summary>Where a follower stands: the first line it has not seen, and whether it knows that the attempt has ended.</summary>
public sealed record LogPosition(Guid ExecutionId, Guid TaskId, int Attempt, long NextLine, bool Ended);

/// <summary>Reads the chunks of logs as lines.</summary>
public sealed class LogReader(Database database)
{
    // Without a task: the one that runs, else the one that went wrong, else the last that ran.
    private const string FindHeadSql = """
        select t.id, t.name, coalesce($3, t.attempt), t.attempt,
               (select min(c.first_line) from sje.log_chunks c
                where c.execution_id = $1 and c.task_id = t.id and c.attempt = coalesce($3, t.attempt)),
               (select max(c.first_line + c.line_count) from sje.log_chunks c
                where c.execution_id = $1 and c.task_id = t.id and c.attempt = coalesce($3, t.attempt)),
               t.state in ('succeeded', 'failed', 'cancelled', 'timed_out', 'skipped')
                   or coalesce($3, t.attempt) < t.attempt
                   or exists (select 1 from sje.attempts a
                              where a.execution_id = $1 and a.task_id = t.id and a.number = coalesce($3, t.attempt) and a.ended_at is not null),
               t.state in ('succeeded', 'failed', 'cancelled', 'timed_out', 'skipped')
        from sje.all_tasks t
        where t.execution_id = $1 and ($2::text is null or t.name = $2)
        order by array_position(array['running', 'failed', 'timed_out', 'waiting_retry', 'cancelled', 'succeeded'], t.state) nulls last,
                 t.started_at desc nulls last, t.ordinal
        limit 1
        """;

    private const string ReadSql = """
        select first_line, body, packed from sje.log_chunks
        where execution_id = $5 and task_id = $1 and attempt = $2
          and first_line >= coalesce((select max(first_line) from sje.log_chunks
                                      where execution_id = $5 and task_id = $1 and attempt = $2 and first_line <= $3), 0)
          and first_line < $3 + $4
        order by first_line
        """;

    // One statement for all followers of this process, whatever their number. What a follower has not seen may be in the middle of a chunk by now.
    private const string FindGrownSql = """
        select f.task_id, f.attempt
        from unnest($1, $2, $3, $4, $5) as f (task_id, attempt, next_line, attempt_ended, execution_id)
        where exists (select 1 from sje.log_chunks c
                      where c.execution_id = f.execution_id and c.task_id = f.task_id and c.attempt = f.attempt
                          and c.first_line + c.line_count > f.next_line)
           or (not f.attempt_ended
               and exists (select 1 from sje.attempts a
                           where a.execution_id = f.execution_id and a.task_id = f.task_id and a.number = f.attempt and a.ended_at is not null))
           or exists (select 1 from sje.tasks t where t.id = f.task_id and t.attempt > f.attempt)
           or exists (select 1 from sje.finished_tasks t where t.execution_id = f.execution_id and t.id = f.task_id)
        """;

    /// <summary>The log of a task's attempt; the newest attempt, and the task most worth reading, when not given.</summary>
    public async Task<LogHead?> FindHeadAsync(Guid executionId, string? task, int? attempt, CancellationToken stop)
    {
        await using var command = database.Main.CreateCommand(FindHeadSql);
        command.Parameters.Add(new NpgsqlParameter { Value = executionId });
        command.Parameters.Add(
            new NpgsqlParameter { Value = (object?)task ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Text }
        );
        command.Parameters.Add(
            new NpgsqlParameter { Value = (object?)attempt ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Integer }
        );
        await using var reader = await command.ExecuteReaderAsync(stop);
        if (!await reader.ReadAsync(stop) || (attempt is { } asked && (asked < 1 || asked > reader.GetInt32(3))))
        {
            return null;
        }

        var first = await reader.IsDBNullAsync(4, stop) ? 1 : reader.GetInt64(4);
        return new LogHead(
            reader.GetGuid(0),
            reader.GetString(1),
            reader.GetInt32(2),
            first,
            await reader.IsDBNullAsync(5, stop) ? first : reader.GetInt64(5),
            reader.GetBoolean(6),
            reader.GetBoolean(7)
        );
    }

    /// <summary>At most <paramref name="count"/> lines, those numbered <paramref name="from"/> and up.</summary>
    public async Task<IReadOnlyList<LogLine>> ReadAsync(
        Guid executionId,
        Guid taskId,
        int attempt,
        long from,
        int count,
        CancellationToken stop
    )
    {
        await using var command = database.Main.CreateCommand(ReadSql);
        command.Parameters.Add(new NpgsqlParameter { Value = taskId });
        command.Parameters.Add(new NpgsqlParameter { Value = attempt });
        command.Parameters.Add(new NpgsqlParameter { Value = from });
        command.Parameters.Add(new NpgsqlParameter { Value = (long)count });
        command.Parameters.Add(new NpgsqlParameter { Value = executionId });
        var lines = new List<LogLine>();
        await using var reader = await command.ExecuteReaderAsync(stop);
        while (lines.Count < count && await reader.ReadAsync(stop))
        {
            var number = reader.GetInt64(0);
            var body = new LogBody(
                await reader.IsDBNullAsync(1, stop) ? null : reader.GetString(1),
                await reader.IsDBNullAsync(2, stop) ? null : reader.GetFieldValue<byte[]>(2)
            );
            foreach (var line in body.Text().Split('\n'))
            {
                if (number >= from && lines.Count < count)
                {
                    lines.Add(ParseLine(number, line));
                }

                number++;
            }
        }

        return lines;
    }

    /// <summary>Which of some followed logs have more to show, or came to their end.</summary>
    public async Task<IReadOnlySet<(Guid TaskId, int Attempt)>> FindGrownAsync(
        IReadOnlyList<LogPosition> followed,
        CancellationToken stop
    )
    {
        await using var command = database.Main.CreateCommand(FindGrownSql);
        command.Parameters.Add(new NpgsqlParameter { Value = followed.Select(f => f.TaskId).ToArray() });
        command.Parameters.Add(new NpgsqlParameter { Value = followed.Select(f => f.Attempt).ToArray() });
        command.Parameters.Add(new NpgsqlParameter { Value = followed.Select(f => f.NextLine).ToArray() });
        command.Parameters.Add(new NpgsqlParameter { Value = followed.Select(f => f.Ended).ToArray() });
        command.Parameters.Add(new NpgsqlParameter { Value = followed.Select(f => f.ExecutionId).ToArray() });
        var grown = new HashSet<(Guid, int)>();
        await using var reader = await command.ExecuteReaderAsync(stop);
        while (await reader.ReadAsync(stop))
        {
            grown.Add((reader.GetGuid(0), reader.GetInt32(1)));
        }

        return grown;
    }

    // "<o|e|s> <unix ms> <text>", written by us; a line of another shape is shown whole rather than hidden.
    private static LogLine ParseLine(long number, string line)
    {
        var stream =
            line.Length == 0
                ? null
                : line[0] switch
                {
                    'o' => LogStream.Stdout,
                    'e' => LogStream.Stderr,
                    's' => LogStream.System,
                    _ => (LogStream?)null,
                };
        var end = line.Length > 2 && line[1] == ' ' ? line.IndexOf(' ', 2) : -1;
        var time = line.Length > 2 ? line.AsSpan(2, (end < 0 ? line.Length : end) - 2) : default;
        return stream is { } known && long.TryParse(time, NumberStyles.None, CultureInfo.InvariantCulture, out var at)
            ? new LogLine(number, DateTimeOffset.FromUnixTimeMilliseconds(at), known, end < 0 ? "" : line[(end + 1)..])
            : new LogLine(number, DateTimeOffset.UnixEpoch, LogStream.System, line);
    }
}
