using Npgsql;

namespace Sje.Jobs.Storage;

/// <summary>How many lines of a log say which level, how many say none, and how many were written to stderr, whatever they say.</summary>
public sealed record LevelCounts(long Error, long Warn, long Info, long Debug, long None, long Stderr);

/// <summary>An attempt of a task, and how much it wrote. Outcome: null while it runs.</summary>
public sealed record AttemptLogSize(
    int Attempt,
    string? Outcome,
    string Worker,
    DateTimeOffset StartedAt,
    DateTimeOffset? EndedAt,
    long Lines,
    long Errors
);

/// <summary>Why there are no lines.</summary>
public enum MissingLog
{
    /// <summary>The task has not run yet.</summary>
    NotStarted,

    /// <summary>It runs, and has written nothing so far.</summary>
    NothingYet,

    /// <summary>It ended without a word.</summary>
    NothingWritten,

    /// <summary>Its worker was lost before it sent a line.</summary>
    WorkerLost,

    /// <summary>Its lines were removed: their time was over.</summary>
    Retention,
}

/// <summary>What is known of an attempt's log without reading it.</summary>
public sealed record LogOutline(
    long Lines,
    DateTimeOffset? FirstAt,
    DateTimeOffset? LastAt,
    LevelCounts Levels,
    long? FirstErrorLine,
    long? FirstStderrLine,
    MissingLog? Missing,
    IReadOnlyList<AttemptLogSize> Attempts
);

/// <summary>
/// Tells what logs hold, from what was counted when they were written. Chunks of before there were counts are counted here, once.
/// </summary>
public sealed class LogSummaries(Database database)
{
    // Of a task that was retried for ever the last ones are of interest.
    private const int MostAttempts = 200;

    private const string FindUncounted = """
        select first_line, line_count, body, packed from sje.log_chunks
        where execution_id = $1 and task_id = $2 and attempt = $3 and error_lines is null
        """;

    // It may have been merged meanwhile: then it is counted already, and this changes nothing.
    private const string SetCounts = """
        update sje.log_chunks set error_lines = $6, warn_lines = $7, info_lines = $8, debug_lines = $9, stderr_lines = $10, first_error = $11,
            first_stderr = $12, first_at = $13, last_at = $14
        where execution_id = $1 and task_id = $2 and attempt = $3 and first_line = $4 and line_count = $5 and error_lines is null
        """;

    private const string FindSizes = """
        select attempt, sum(line_count)::bigint, coalesce(sum(error_lines), 0)::bigint, coalesce(sum(warn_lines), 0)::bigint,
            coalesce(sum(info_lines), 0)::bigint, coalesce(sum(debug_lines), 0)::bigint, coalesce(sum(stderr_lines), 0)::bigint,
            min(first_line + first_error), min(first_line + first_stderr), min(first_at), max(last_at)
        from sje.log_chunks where execution_id = $1 and task_id = $2 group by attempt
        """;

    private const string FindAttempts = """
        select number, outcome, worker_name, started_at, ended_at from sje.all_attempts
        where execution_id = $1 and task_id = $2 order by number desc limit $3
        """;

    // Retention drops the log lines of a range of time before its other tables, and single rows where they lie in no range.
    private const string FindRetention = """
        select (select finished_at from sje.executions where id = $1),
            exists (select from sje.partitions where parent = 'attempts' and not is_default
                and (from_at is null or $1 >= sje.id_at(from_at)) and $1 < sje.id_at(to_at))
            and not exists (select from sje.partitions where parent = 'log_chunks' and not is_default
                and (from_at is null or $1 >= sje.id_at(from_at)) and $1 < sje.id_at(to_at)),
            now()
        """;

    /// <summary>The outline of an attempt's log, and of the task's other attempts.</summary>
    /// <param name="executionId">The execution.</param>
    /// <param name="head">The attempt, and how far its log goes.</param>
    /// <param name="kept">How long logs are kept.</param>
    /// <param name="stop">Breaks it off.</param>
    public async Task<LogOutline> ReadAsync(Guid executionId, LogHead head, TimeSpan kept, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(head);
        await CountAsync(new LogKey(executionId, head.TaskId, head.Attempt), stop);
        var sizes = new Dictionary<int, AttemptSize>();
        await using (var command = Command(FindSizes, executionId, head.TaskId))
        {
            await using var row = await command.ExecuteReaderAsync(stop);
            while (await row.ReadAsync(stop))
            {
                sizes.Add(
                    row.GetInt32(0),
                    new AttemptSize(
                        row.GetInt64(1),
                        row.GetInt64(2),
                        row.GetInt64(3),
                        row.GetInt64(4),
                        row.GetInt64(5),
                        row.GetInt64(6),
                        await NullableAsync<long>(row, 7, stop),
                        await NullableAsync<long>(row, 8, stop),
                        await NullableAsync<DateTimeOffset>(row, 9, stop),
                        await NullableAsync<DateTimeOffset>(row, 10, stop)
                    )
                );
            }
        }

        var attempts = await AttemptsAsync(executionId, head.TaskId, sizes, stop);
        var size = sizes.GetValueOrDefault(head.Attempt) ?? AttemptSize.Nothing;
        return new LogOutline(
            size.Lines,
            size.FirstAt,
            size.LastAt,
            new LevelCounts(
                size.Errors,
                size.Warns,
                size.Infos,
                size.Debugs,
                size.Lines - size.Errors - size.Warns - size.Infos - size.Debugs,
                size.Stderr
            ),
            size.FirstError,
            size.FirstStderr,
            size.Lines > 0 ? null : await WhyMissingAsync(executionId, head, attempts, kept, stop),
            attempts
        );
    }

    /// <summary>Counts those chunks of an attempt that nobody has counted.</summary>
    internal async Task CountAsync(LogKey key, CancellationToken stop)
    {
        var counted = new List<(long FirstLine, int LineCount, LogCounts Counts)>();
        await using (var command = Command(FindUncounted, key.ExecutionId, key.TaskId))
        {
            command.Parameters.Add(new NpgsqlParameter { Value = key.Attempt });
            await using var row = await command.ExecuteReaderAsync(stop);
            while (await row.ReadAsync(stop))
            {
                counted.Add((row.GetInt64(0), row.GetInt32(1), LogCounts.Of(await LogChunks.BodyAsync(row, 2, stop))));
            }
        }

        foreach (var (first, lines, counts) in counted)
        {
            await using var command = Command(SetCounts, key.ExecutionId, key.TaskId);
            command.Parameters.Add(new NpgsqlParameter { Value = key.Attempt });
            command.Parameters.Add(new NpgsqlParameter { Value = first });
            command.Parameters.Add(new NpgsqlParameter { Value = lines });
            command.Parameters.AddRange(counts.Parameters());
            await command.ExecuteNonQueryAsync(stop);
        }
    }

    private async Task<IReadOnlyList<AttemptLogSize>> AttemptsAsync(
        Guid executionId,
        Guid taskId,
        Dictionary<int, AttemptSize> sizes,
        CancellationToken stop
    )
    {
        var attempts = new List<AttemptLogSize>();
        await using var command = Command(FindAttempts, executionId, taskId);
        command.Parameters.Add(new NpgsqlParameter { Value = MostAttempts });
        await using var row = await command.ExecuteReaderAsync(stop);
        while (await row.ReadAsync(stop))
        {
            var size = sizes.GetValueOrDefault(row.GetInt32(0)) ?? AttemptSize.Nothing;
            attempts.Add(
                new AttemptLogSize(
                    row.GetInt32(0),
                    await row.IsDBNullAsync(1, stop) ? null : row.GetString(1),
                    row.GetString(2),
                    row.GetFieldValue<DateTimeOffset>(3),
                    await NullableAsync<DateTimeOffset>(row, 4, stop),
                    size.Lines,
                    size.Errors
                )
            );
        }

        attempts.Reverse();
        return attempts;
    }

    private async Task<MissingLog> WhyMissingAsync(
        Guid executionId,
        LogHead head,
        IReadOnlyList<AttemptLogSize> attempts,
        TimeSpan kept,
        CancellationToken stop
    )
    {
        if (head.Attempt == 0)
        {
            return MissingLog.NotStarted;
        }

        await using (var command = database.Main.CreateCommand(FindRetention))
        {
            command.Parameters.Add(new NpgsqlParameter { Value = executionId });
            await using var row = await command.ExecuteReaderAsync(stop);
            await row.ReadAsync(stop);
            var over =
                await NullableAsync<DateTimeOffset>(row, 0, stop) is { } finished
                && finished + kept < row.GetFieldValue<DateTimeOffset>(2);
            if (row.GetBoolean(1) || over)
            {
                return MissingLog.Retention;
            }
        }

        return attempts.FirstOrDefault(a => a.Attempt == head.Attempt)?.Outcome == "lost" ? MissingLog.WorkerLost
            : head.Ended ? MissingLog.NothingWritten
            : MissingLog.NothingYet;
    }

    private NpgsqlCommand Command(string sql, Guid executionId, Guid taskId)
    {
        var command = database.Main.CreateCommand(sql);
        command.Parameters.Add(new NpgsqlParameter { Value = executionId });
        command.Parameters.Add(new NpgsqlParameter { Value = taskId });
        return command;
    }

    private static async Task<T?> NullableAsync<T>(NpgsqlDataReader row, int column, CancellationToken stop)
        where T : struct =>
        await row.IsDBNullAsync(column, stop) ? null : await row.GetFieldValueAsync<T>(column, stop);

    private sealed record AttemptSize(
        long Lines,
        long Errors,
        long Warns,
        long Infos,
        long Debugs,
        long Stderr,
        long? FirstError,
        long? FirstStderr,
        DateTimeOffset? FirstAt,
        DateTimeOffset? LastAt
    )
    {
        public static readonly AttemptSize Nothing = new(0, 0, 0, 0, 0, 0, null, null, null, null);
    }
}
