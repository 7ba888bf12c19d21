using Npgsql;
using NpgsqlTypes;
using Sje.Core.Security;

namespace Sje.Jobs.Storage;

/// <summary>What the tasks of an execution come to together.</summary>
/// <param name="HasWaiting">Whether one waits.</param>
/// <param name="HasUnsuccessful">Whether one has ended without success.</param>
/// <param name="Retrying">Whether one that has not ended tries again.</param>
/// <param name="Warnings">Lines of warning in the logs of all attempts.</param>
public sealed record ExecutionTaskFacts(bool HasWaiting, bool HasUnsuccessful, bool Retrying, long Warnings)
{
    /// <summary>Of an execution that has no tasks any more.</summary>
    public static ExecutionTaskFacts None { get; } = new(false, false, false, 0);

    /// <summary>What decides what may be done.</summary>
    public ExecutionFacts Of(ExecutionSummary execution)
    {
        ArgumentNullException.ThrowIfNull(execution);
        return new ExecutionFacts(execution.FinishedAt is not null, HasWaiting, HasUnsuccessful);
    }
}

/// <summary>Reads <see cref="ExecutionTaskFacts"/> of a page of executions in one statement.</summary>
public sealed class ExecutionFactReader(Database database)
{
    private const string Facts = $"""
        select x.id, coalesce(bool_or(s.waits), false), coalesce(bool_or(s.unsuccessful), false), coalesce(bool_or(s.retries), false), (
            select coalesce(sum(c.warn_lines), 0)::bigint from sje.log_chunks c where c.execution_id = x.id)
        from unnest($1) x(id) cross join lateral (
            select t.state <> 'running' as waits, false as unsuccessful, {ExecutionCondition.Retries} as retries
            from sje.tasks t where t.execution_id = x.id
            union all
            select false, true, false from sje.finished_tasks f where f.execution_id = x.id and f.state <> 'succeeded') s
        group by x.id
        """;

    /// <summary>The facts of some executions; one without tasks is missing.</summary>
    public async Task<IReadOnlyDictionary<Guid, ExecutionTaskFacts>> FindAsync(
        IReadOnlyList<Guid> executions,
        CancellationToken stop
    )
    {
        ArgumentNullException.ThrowIfNull(executions);
        var found = new Dictionary<Guid, ExecutionTaskFacts>();
        if (executions.Count == 0)
        {
            return found;
        }

        await using var command = database.Main.CreateCommand(Facts);
        command.Parameters.Add(
            new NpgsqlParameter { Value = executions.ToArray(), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Uuid }
        );
        await using var row = await command.ExecuteReaderAsync(stop);
        while (await row.ReadAsync(stop))
        {
            found[row.GetGuid(0)] = new ExecutionTaskFacts(
                row.GetBoolean(1),
                row.GetBoolean(2),
                row.GetBoolean(3),
                row.GetInt64(4)
            );
        }

        return found;
    }
}
