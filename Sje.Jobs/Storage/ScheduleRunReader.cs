using Npgsql;
using NpgsqlTypes;
using Sje.Core.Jobs;

namespace Sje.Jobs.Storage;

/// <summary>An execution that a schedule started, and what went wrong with it.</summary>
public sealed record ScheduleRun(
    Guid Id,
    ExecutionState State,
    DateTimeOffset? StartedAt,
    DateTimeOffset? FinishedAt,
    long? DurationMs,
    string? ErrorMessage
);

/// <summary>Reads what became of the last execution of each of a page of schedules, in one statement.</summary>
public sealed class ScheduleRunReader(Database database)
{
    private const string Find = """
        select e.id, e.state, e.started_at, e.finished_at, floor(extract(epoch from e.finished_at - e.started_at) * 1000)::bigint, (
            select coalesce(f.error ->> 'message', f.reason) from sje.finished_tasks f
            where f.execution_id = e.id and f.state in ('failed', 'timed_out') order by f.finished_at limit 1)
        from sje.executions e where e.id = any ($1) and ($2::text is null or e.tenant = $2)
        """;

    /// <summary>Of some executions, those of a tenant, or of all.</summary>
    public async Task<IReadOnlyDictionary<Guid, ScheduleRun>> FindAsync(
        IReadOnlyList<Guid> executions,
        string? tenant,
        CancellationToken stop
    )
    {
        ArgumentNullException.ThrowIfNull(executions);
        await using var command = database.Main.CreateCommand(Find);
        command.Parameters.Add(
            new NpgsqlParameter { Value = executions.ToArray(), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Uuid }
        );
        command.Parameters.Add(
            new NpgsqlParameter { Value = (object?)tenant ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Text }
        );
        var found = new Dictionary<Guid, ScheduleRun>();
        await using var row = await command.ExecuteReaderAsync(stop);
        while (await row.ReadAsync(stop))
        {
            found[row.GetGuid(0)] = new ScheduleRun(
                row.GetGuid(0),
                StateNames.ParseSnake<ExecutionState>(row.GetString(1)),
                await row.IsDBNullAsync(2, stop) ? null : row.GetFieldValue<DateTimeOffset>(2),
                await row.IsDBNullAsync(3, stop) ? null : row.GetFieldValue<DateTimeOffset>(3),
                await row.IsDBNullAsync(4, stop) ? null : row.GetInt64(4),
                await row.IsDBNullAsync(5, stop) ? null : row.GetString(5)
            );
        }

        return found;
    }
}
