using Npgsql;
using Sje.Jobs.Storage;
using static Sje.Jobs.Queueing.BatchBuilder;

namespace Sje.Jobs.Queueing;

/// <summary>Sets what tasks share over all queues: the limits of concurrency keys, and the weights of tenants.</summary>
public sealed class LimitControl(Database database, Signals signals)
{
    private const string SaveKey = """
        insert into sje.concurrency_keys (name, max_running, set_by_hand) values ($1, $2, true)
        on conflict (name) do update set max_running = excluded.max_running, set_by_hand = true, forgotten = false, updated_at = now()
        """;

    // The row stays with its limit: a claim finds no task whose key has none, and an ended one may be run again at any time.
    private const string ForgetKey = """
        update sje.concurrency_keys k set forgotten = true, set_by_hand = false, updated_at = now()
        where name = $1 and not forgotten
            and not exists (select 1 from sje.tasks t where t.concurrency_key <> '' and t.concurrency_key = k.name)
        """;

    private const string SaveTenant = """
        insert into sje.tenants (name, weight) values ($1, $2) on conflict (name) do update set weight = excluded.weight
        """;

    /// <summary>Says how many tasks with a key run at a time, over all queues and workers. From then on jobs that name it change that no more.</summary>
    /// <param name="name">The key.</param>
    /// <param name="limit">1 or more. What runs already goes on.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public Task SaveKeyAsync(string name, int limit, CancellationToken cancellationToken) =>
        ChangeAsync(SaveKey, cancellationToken, P(name), P(limit));

    /// <summary>Forgets a key and that its limit was set by hand, until a job names it again. False when there is none, or tasks that wait or run name it.</summary>
    public async Task<bool> ForgetKeyAsync(string name, CancellationToken cancellationToken) =>
        await ChangeAsync(ForgetKey, cancellationToken, P(name)) == 1;

    /// <summary>Says what share of a queue a tenant gets beside others: twice the weight, twice the tasks.</summary>
    /// <param name="name">The tenant.</param>
    /// <param name="weight">1 to 1000; 1 where nobody said anything.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public Task SaveTenantAsync(string name, int weight, CancellationToken cancellationToken) =>
        ChangeAsync(SaveTenant, cancellationToken, P(name), P(weight));

    private async Task<int> ChangeAsync(
        string sql,
        CancellationToken cancellationToken,
        params NpgsqlParameter[] parameters
    )
    {
        await using var command = database.Main.CreateCommand(sql);
        command.Parameters.AddRange(parameters);
        var changed = await command.ExecuteNonQueryAsync(cancellationToken);
        signals.Raise(SignalKind.Work);
        signals.Raise(SignalKind.Change);
        return changed;
    }
}
