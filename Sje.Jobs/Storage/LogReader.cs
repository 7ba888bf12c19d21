using System.Text;
using Npgsql;
using NpgsqlTypes;
using Sje.Core.Jobs;

namespace Sje.Jobs.Storage;

/// <summary>A line of a log; numbers rise within an attempt.</summary>
public sealed record LogLine(long Number, DateTimeOffset At, LogStream Stream, string Text)
{
    /// <summary>The level that the line says it has; null when it says none.</summary>
    public LineLevel? Level { get; init; } = LineLevels.Of(Text);

    /// <summary>How many characters it has, where <see cref="Text"/> is only the first of them.</summary>
    public int? FullLength { get; init; }
}

/// <summary>Some of the lines that pass a filter. FirstRank: which of them the first one is, from 1; Total: how many there are in the log.</summary>
public sealed record FilteredLines(IReadOnlyList<LogLine> Lines, long FirstRank, long Total);

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
    private readonly LogChunks chunks = new(database);
    private readonly LogSummaries summaries = new(database);

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
    public Task<IReadOnlyList<LogLine>> ReadAsync(
        Guid executionId,
        Guid taskId,
        int attempt,
        long from,
        int count,
        CancellationToken stop
    ) => ReadAsync(new LogKey(executionId, taskId, attempt), from, count, int.MaxValue, stop);

    /// <summary>As above; of each line at most <paramref name="width"/> characters.</summary>
    public async Task<IReadOnlyList<LogLine>> ReadAsync(
        LogKey key,
        long from,
        int count,
        int width,
        CancellationToken stop
    )
    {
        // A sum that overflows means the end.
        var range = new LogRange(from, from > long.MaxValue - count ? long.MaxValue : from + count - 1);
        var lines = new List<LogLine>();
        await foreach (var some in chunks.ScanAsync(key, range, chunk => Take(chunk, range, count, width), stop))
        {
            lines.AddRange(some);
        }

        return lines;
    }

    /// <summary>
    /// At most <paramref name="count"/> of the lines that pass a filter, from the one on that is the <paramref name="from"/>th of them; or, with
    /// <paramref name="line"/>, from the first one on whose number is that or higher.
    /// </summary>
    public async Task<FilteredLines> ReadFilteredAsync(
        LogKey key,
        LineFilter filter,
        long from,
        long? line,
        int count,
        int width,
        CancellationToken stop
    )
    {
        await summaries.CountAsync(key, stop);
        var (start, before, total) = (1L, 0L, 0L);
        await using (var command = database.Main.CreateCommand(CountsSql(filter)))
        {
            command.Parameters.Add(new NpgsqlParameter { Value = key.ExecutionId });
            command.Parameters.Add(new NpgsqlParameter { Value = key.TaskId });
            command.Parameters.Add(new NpgsqlParameter { Value = key.Attempt });
            await using var row = await command.ExecuteReaderAsync(stop);
            while (await row.ReadAsync(stop))
            {
                var first = row.GetInt64(0);
                if (line is { } number ? first <= number : total < from)
                {
                    (start, before) = (first, total);
                }

                total += row.GetInt64(1);
            }
        }

        // Between the counts and the lines chunks may become one; what counts is at which line the reading starts.
        var skip = line is null ? Math.Max(from - 1 - before, 0) : 0;
        var rank = line is null ? Math.Max(from, 1) : before + 1;
        var range = new LogRange(start, long.MaxValue, filter);
        var wanted = range with { From = Math.Max(start, line ?? 0) };
        var most = count + (int)Math.Min(skip, int.MaxValue - count);
        var lines = new List<LogLine>();
        await foreach (
            var (passed, some) in chunks.ScanAsync(
                key,
                range,
                chunk => (Passing(chunk, range with { To = wanted.From - 1 }), Take(chunk, wanted, most, width)),
                stop
            )
        )
        {
            rank += lines.Count == 0 ? passed : 0;
            var skipped = (int)Math.Min(skip, some.Count);
            skip -= skipped;
            lines.AddRange(some.Skip(skipped).Take(count - lines.Count));
            if (lines.Count == count)
            {
                break;
            }
        }

        return new FilteredLines(lines, rank, total);
    }

    /// <summary>The text of the wanted lines, each with a line break behind it, piece by piece: what a download is made of.</summary>
    /// <param name="key">Whose log.</param>
    /// <param name="range">Which lines.</param>
    /// <param name="pattern">Only those with a match; all if null.</param>
    /// <param name="plain">As they are shown, without colours and control characters; else as they were written.</param>
    /// <param name="times">With the instant before each line.</param>
    /// <param name="stop">Breaks it off.</param>
    /// <exception cref="System.Text.RegularExpressions.RegexMatchTimeoutException">The pattern is too costly.</exception>
    public IAsyncEnumerable<byte[]> ReadTextAsync(
        LogKey key,
        LogRange range,
        LinePattern? pattern,
        bool plain,
        bool times,
        CancellationToken stop
    ) => chunks.ScanAsync(key, range, chunk => new TextPiece(range, pattern, plain, times).Of(chunk), stop);

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

    private static List<LogLine> Take(LogChunk chunk, LogRange range, int count, int width)
    {
        var lines = new List<LogLine>();
        var bytes = chunk.Lines.Span;
        var number = chunk.FirstLine;
        foreach (var part in bytes.Split((byte)'\n'))
        {
            if (range.Has(number))
            {
                var line = StoredLine.Parse(bytes[part]);
                if (range.Level is not { } level || level.Takes(line))
                {
                    lines.Add(LineOf(number, line, width));
                    if (lines.Count == count)
                    {
                        break;
                    }
                }
            }

            number++;
        }

        return lines;
    }

    private static int Passing(LogChunk chunk, LogRange range)
    {
        if (chunk.FirstLine > range.To)
        {
            return 0;
        }

        var passing = 0;
        var bytes = chunk.Lines.Span;
        var number = chunk.FirstLine;
        foreach (var part in bytes.Split((byte)'\n'))
        {
            passing +=
                range.Has(number) && range.Level is { } level && level.Takes(StoredLine.Parse(bytes[part])) ? 1 : 0;
            number++;
        }

        return passing;
    }

    private static LogLine LineOf(long number, StoredLine line, int width)
    {
        var text = Encoding.UTF8.GetString(line.Text);
        var shown = text.Length <= width ? text : text[..(char.IsHighSurrogate(text[width - 1]) ? width - 1 : width)];
        return new LogLine(number, line.At, line.Stream, shown)
        {
            Level = LineLevels.Of(line.Text),
            FullLength = shown.Length < text.Length ? text.Length : null,
        };
    }

    private static string CountsSql(LineFilter filter) =>
        $"""
            select first_line, coalesce({filter.CountSql()}, 0)::bigint from sje.log_chunks
            where execution_id = $1 and task_id = $2 and attempt = $3 order by first_line
            """;
}
