using System.Text.Json;
using System.Text.Json.Serialization;
using Npgsql;
using NpgsqlTypes;
using Sje.Core.Jobs;

namespace Sje.Jobs.Storage;

/// <summary>One of the last executions of a job; without a length it has not ended, or never started.</summary>
public sealed record JobLastRun(Guid Id, ExecutionState State, DateTimeOffset? StartedAt, long? DurationMs);

/// <summary>Where a saved job stands: its last executions, the newest first, and when a schedule of it is due next.</summary>
public sealed record JobOutlook(IReadOnlyList<JobLastRun> LastRuns, DateTimeOffset? NextAt)
{
    /// <summary>Of a job that has neither.</summary>
    public static JobOutlook None { get; } = new([], null);
}

/// <summary>Reads <see cref="JobOutlook"/> of a page of jobs in one statement, along the index of executions by job.</summary>
public sealed class JobOutlookReader(Database database)
{
    /// <summary>How many of the last executions are shown.</summary>
    public const int Runs = 20;

    private const string Outlook = """
        select j.id, (select min(s.next_at) from sje.schedules s where s.job_id = j.id), r.runs
        from unnest($1) j(id) cross join lateral (
            select coalesce(json_agg(x), '[]')::text as runs from (
                select e.id, e.state, e.started_at as "startedAt",
                    floor(extract(epoch from e.finished_at - e.started_at) * 1000)::bigint as "durationMs"
                from sje.executions e where e.job_id = j.id and ($2::text is null or e.tenant = $2) order by e.id desc limit 20) x) r
        """;

    private static readonly JsonSerializerOptions JsonOptions = new(JsonSerializerDefaults.Web)
    {
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower) },
    };

    /// <summary>Of some jobs, the executions those of a tenant, or of all.</summary>
    public async Task<IReadOnlyDictionary<Guid, JobOutlook>> FindAsync(
        IReadOnlyList<Guid> jobs,
        string? tenant,
        CancellationToken stop
    )
    {
        ArgumentNullException.ThrowIfNull(jobs);
        await using var command = database.Main.CreateCommand(Outlook);
        command.Parameters.Add(
            new NpgsqlParameter { Value = jobs.ToArray(), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Uuid }
        );
        command.Parameters.Add(
            new NpgsqlParameter { Value = (object?)tenant ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Text }
        );
        var found = new Dictionary<Guid, JobOutlook>();
        await using var row = await command.ExecuteReaderAsync(stop);
        while (await row.ReadAsync(stop))
        {
            found[row.GetGuid(0)] = new JobOutlook(
                JsonSerializer.Deserialize<JobLastRun[]>(row.GetString(2), JsonOptions) ?? [],
                await row.IsDBNullAsync(1, stop) ? null : row.GetFieldValue<DateTimeOffset>(1)
            );
        }

        return found;
    }
}
