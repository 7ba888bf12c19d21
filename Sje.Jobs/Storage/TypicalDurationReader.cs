using Npgsql;
using NpgsqlTypes;

namespace Sje.Jobs.Storage;

/// <summary>A job as executions name it: those of a file have no saved one.</summary>
public readonly record struct NamedJob(string Tenant, string Name);

/// <summary>Reads how long executions of a job usually take, for a page of executions in one statement.</summary>
public sealed class TypicalDurationReader(Database database)
{
    /// <summary>How many of the last that succeeded count.</summary>
    public const int Most = 20;

    /// <summary>Fewer than these make no habit.</summary>
    public const int Least = 3;

    // By the index executions_succeeded, so that a job that fails a million times is not read through.
    private static readonly string Typical = $"""
        select n.tenant, n.name, r.took
        from unnest($1, $2) n(tenant, name) cross join lateral (
            select percentile_cont(0.5) within group (order by x.took) as took from (
                select e.finished_at - e.started_at as took from sje.executions e
                where e.tenant = n.tenant and e.name = n.name and e.ended_as = 'succeeded' order by e.id desc limit {Most}) x
            having count(x.took) >= {Least}) r
        """;

    /// <summary>The job of an execution.</summary>
    public static NamedJob JobOf(ExecutionSummary execution)
    {
        ArgumentNullException.ThrowIfNull(execution);
        return new NamedJob(execution.Tenant, execution.Name);
    }

    /// <summary>The median of each job; one that has none is missing.</summary>
    public async Task<IReadOnlyDictionary<NamedJob, TimeSpan>> FindAsync(
        IReadOnlyList<NamedJob> jobs,
        CancellationToken stop
    )
    {
        ArgumentNullException.ThrowIfNull(jobs);
        var found = new Dictionary<NamedJob, TimeSpan>();
        if (jobs.Count == 0)
        {
            return found;
        }

        await using var command = database.Main.CreateCommand(Typical);
        command.Parameters.Add(Texts(jobs.Select(job => job.Tenant)));
        command.Parameters.Add(Texts(jobs.Select(job => job.Name)));
        await using var row = await command.ExecuteReaderAsync(stop);
        while (await row.ReadAsync(stop))
        {
            found[new NamedJob(row.GetString(0), row.GetString(1))] = row.GetFieldValue<TimeSpan>(2);
        }

        return found;
    }

    private static NpgsqlParameter Texts(IEnumerable<string> values) =>
        new() { Value = values.ToArray(), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Text };
}
