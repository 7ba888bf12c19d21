using Npgsql;
using NpgsqlTypes;
using Sje.Core.Security;

namespace Sje.Jobs.Storage;

/// <summary>A concurrency key: how many tasks with it run at a time, whether somebody set that by hand, and how many run and wait now.</summary>
public sealed record ConcurrencyKeyStatus(
    string Name,
    int Limit,
    bool SetByHand,
    long Running,
    long Waiting,
    DateTimeOffset UpdatedAt
)
{
    /// <summary>What the caller may do to it now; filled in for whoever is shown it.</summary>
    public IReadOnlyList<ObjectAction> Actions { get; init; } = [];
}

/// <summary>A tenant: its weight beside others in a queue, and how many of its tasks run and wait now.</summary>
public sealed record TenantStatus(string Name, int Weight, long Running, long Waiting, DateTimeOffset CreatedAt)
{
    /// <summary>What the caller may do to it now; filled in for whoever is shown it.</summary>
    public IReadOnlyList<ObjectAction> Actions { get; init; } = [];
}

/// <summary>
/// A target that has failed. <c>State</c> is <c>closed</c> (in order), <c>open</c> (nothing is started for it before <c>OpenUntil</c>) or
/// <c>half_open</c> (it is tried by one task at a time). <c>Waiting</c> counts up to 1,000.
/// </summary>
public sealed record CircuitBreakerStatus(
    string Target,
    string State,
    int Failures,
    int Successes,
    DateTimeOffset? OpenedAt,
    DateTimeOffset? OpenUntil,
    string? LastError,
    long Waiting,
    DateTimeOffset UpdatedAt
)
{
    /// <summary>What the caller may do to it now; filled in for whoever is shown it.</summary>
    public IReadOnlyList<ObjectAction> Actions { get; init; } = [];
}

/// <summary>Reads what tasks share over all queues: concurrency keys, tenants, circuit breakers.</summary>
public sealed class LimitReader(Database database)
{
    private const string Keys = """
        select k.name, k.max_running, k.set_by_hand,
            (select count(*) from sje.tasks t where t.concurrency_key <> '' and t.concurrency_key = k.name and t.state = 'running'),
            (select count(*) from sje.tasks t where t.concurrency_key <> '' and t.concurrency_key = k.name
                and t.state in ('queued', 'waiting_retry')),
            k.updated_at
        from sje.concurrency_keys k
        where ($1::text is null or k.name = $1) and ($2::text is null or k.name > $2 collate "C")
            and (not k.forgotten or exists (select 1 from sje.tasks t where t.concurrency_key <> '' and t.concurrency_key = k.name))
        order by k.name collate "C" limit $3
        """;

    private const string Tenants = """
        with page as (
            select * from sje.tenants
            where ($1::text is null or name = $1) and ($2::text is null or name > $2 collate "C")
            order by name collate "C" limit $3
        ), counted as (
            select tenant, count(*) filter (where state = 'running') as running, count(*) filter (where state <> 'running') as waiting
            from sje.tasks where tenant in (select name from page) group by tenant
        )
        select p.name, p.weight, coalesce(c.running, 0), coalesce(c.waiting, 0), p.created_at
        from page p left join counted c on c.tenant = p.name
        order by p.name collate "C"
        """;

    private const string Breakers = """
        select b.target, case when b.state = 'open' and b.open_until <= now() then 'half_open' else b.state end, b.failures, b.successes,
            b.opened_at, b.open_until, b.last_error,
            (select count(*) from (select 1 from sje.tasks t
                where t.target = b.target and b.state = 'open' and t.state in ('queued', 'waiting_retry') limit 1000) w),
            b.updated_at
        from sje.circuit_breakers b
        where ($1::text is null or b.target = $1) and ($2::text is null or b.target > $2 collate "C")
        order by b.target collate "C" limit $3
        """;

    /// <summary>Keys by name, those after <paramref name="after"/>.</summary>
    public Task<List<ConcurrencyKeyStatus>> ListKeysAsync(string? after, int limit, CancellationToken stop) =>
        ReadAsync(Keys, null, after, limit, Key, stop);

    /// <summary>One key; null when no job ever named it.</summary>
    public async Task<ConcurrencyKeyStatus?> FindKeyAsync(string name, CancellationToken stop) =>
        (await ReadAsync(Keys, name, null, 1, Key, stop)).SingleOrDefault();

    /// <summary>Tenants by name, those after <paramref name="after"/>.</summary>
    public Task<List<TenantStatus>> ListTenantsAsync(string? after, int limit, CancellationToken stop) =>
        ReadAsync(Tenants, null, after, limit, Tenant, stop);

    /// <summary>One tenant; null when it never submitted anything.</summary>
    public async Task<TenantStatus?> FindTenantAsync(string name, CancellationToken stop) =>
        (await ReadAsync(Tenants, name, null, 1, Tenant, stop)).SingleOrDefault();

    /// <summary>Targets that have failed, by name, those after <paramref name="after"/>.</summary>
    public Task<List<CircuitBreakerStatus>> ListBreakersAsync(string? after, int limit, CancellationToken stop) =>
        ReadAsync(Breakers, null, after, limit, Breaker, stop);

    /// <summary>One target's breaker; null when it never failed.</summary>
    public async Task<CircuitBreakerStatus?> FindBreakerAsync(string target, CancellationToken stop) =>
        (await ReadAsync(Breakers, target, null, 1, Breaker, stop)).SingleOrDefault();

    private static ConcurrencyKeyStatus Key(NpgsqlDataReader row) =>
        new(
            row.GetString(0),
            row.GetInt32(1),
            row.GetBoolean(2),
            row.GetInt64(3),
            row.GetInt64(4),
            row.GetFieldValue<DateTimeOffset>(5)
        );

    private static TenantStatus Tenant(NpgsqlDataReader row) =>
        new(row.GetString(0), row.GetInt32(1), row.GetInt64(2), row.GetInt64(3), row.GetFieldValue<DateTimeOffset>(4));

    private static CircuitBreakerStatus Breaker(NpgsqlDataReader row)
    {
        DateTimeOffset? Instant(int column) => row.IsDBNull(column) ? null : row.GetFieldValue<DateTimeOffset>(column);
        return new(
            row.GetString(0),
            row.GetString(1),
            row.GetInt32(2),
            row.GetInt32(3),
            Instant(4),
            Instant(5),
            row.IsDBNull(6) ? null : row.GetString(6),
            row.GetInt64(7),
            row.GetFieldValue<DateTimeOffset>(8)
        );
    }

    private async Task<List<T>> ReadAsync<T>(
        string sql,
        string? name,
        string? after,
        int limit,
        Func<NpgsqlDataReader, T> read,
        CancellationToken stop
    )
    {
        await using var command = database.Main.CreateCommand(sql);
        command.Parameters.Add(
            new NpgsqlParameter { Value = (object?)name ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Text }
        );
        command.Parameters.Add(
            new NpgsqlParameter { Value = (object?)after ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Text }
        );
        command.Parameters.Add(new NpgsqlParameter { Value = limit });
        var found = new List<T>();
        await using var rows = await command.ExecuteReaderAsync(stop);
        while (await rows.ReadAsync(stop))
        {
            found.Add(read(rows));
        }

        return found;
    }
}
