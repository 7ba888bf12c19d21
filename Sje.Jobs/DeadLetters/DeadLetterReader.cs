using System.Globalization;
using System.Text.Json.Nodes;
using Npgsql;
using NpgsqlTypes;
using Sje.Core.Jobs;
using Sje.Core.Security;
using Sje.Jobs.Storage;

namespace Sje.Jobs.DeadLetters;

/// <summary>A task that failed for good and that nobody has dismissed or run again.</summary>
/// <param name="Id">The task.</param>
/// <param name="ExecutionId">The execution that it belongs to.</param>
/// <param name="Job">The name of the job.</param>
/// <param name="Label">The client's own label.</param>
/// <param name="Task">The task's name.</param>
/// <param name="Type">Its type.</param>
/// <param name="Queue">Its queue.</param>
/// <param name="Tenant">Whose it is.</param>
/// <param name="State"><c>failed</c> or <c>timed_out</c>.</param>
/// <param name="Class">The failure class.</param>
/// <param name="Message">What went wrong.</param>
/// <param name="ExitCode">Of its process.</param>
/// <param name="Signal">What ended its process.</param>
/// <param name="Fingerprint">The same for those that look alike.</param>
/// <param name="Attempt">The number of the last attempt.</param>
/// <param name="Failures">How many attempts counted as failures.</param>
/// <param name="MaxAttempts">How many were allowed.</param>
/// <param name="Reason">Why it is not tried again, in words.</param>
/// <param name="AcceptedAt">When it was accepted.</param>
/// <param name="FailedAt">When it failed for good.</param>
public sealed record DeadLetter(
    Guid Id,
    Guid ExecutionId,
    string Job,
    string? Label,
    string Task,
    string Type,
    string Queue,
    string Tenant,
    TaskState State,
    string Class,
    string? Message,
    int? ExitCode,
    string? Signal,
    string Fingerprint,
    int Attempt,
    int Failures,
    int MaxAttempts,
    string? Reason,
    DateTimeOffset AcceptedAt,
    DateTimeOffset FailedAt
)
{
    /// <summary>What the caller may do to it now; filled in for whoever is shown it.</summary>
    public IReadOnlyList<ObjectAction> Actions { get; init; } = [];
}

/// <summary>Dead letters that look alike.</summary>
/// <param name="Fingerprint">What they share.</param>
/// <param name="Count">How many there are.</param>
/// <param name="FirstSeenAt">When the first of them failed.</param>
/// <param name="LastSeenAt">When the last of them failed.</param>
/// <param name="Jobs">Names of the jobs among the newest of them, ten at most.</param>
/// <param name="Sample">The newest.</param>
public sealed record DeadLetterGroup(
    string Fingerprint,
    long Count,
    DateTimeOffset FirstSeenAt,
    DateTimeOffset LastSeenAt,
    IReadOnlyList<string> Jobs,
    DeadLetter Sample
);

/// <summary>Where a page of dead letters begins: after this one.</summary>
public readonly record struct DeadLetterPlace(DateTimeOffset FailedAt, Guid Id)
{
    private const long TicksPerMicrosecond = TimeSpan.TicksPerMicrosecond;

    /// <summary>As text, for cursors.</summary>
    public override string ToString() =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{(FailedAt - DateTimeOffset.UnixEpoch).Ticks / TicksPerMicrosecond}~{Id}"
        );

    /// <summary>Reads <see cref="ToString"/>; null when it is none.</summary>
    public static DeadLetterPlace? Parse(string text) =>
        text.Split('~') is [var microseconds, var id]
        && long.TryParse(microseconds, NumberStyles.None, CultureInfo.InvariantCulture, out var at)
        && at < 253_402_300_800_000_000
        && Guid.TryParseExact(id, "D", out var task)
            ? new DeadLetterPlace(DateTimeOffset.UnixEpoch.AddTicks(at * TicksPerMicrosecond), task)
            : null;
}

/// <summary>Reads dead letters: pages, counts, groups, one.</summary>
public sealed class DeadLetterReader(Database database)
{
    /// <summary>Where counting by class stops.</summary>
    public const int MaxCount = 100_000;

    private const string Columns = """
        t.id, t.execution_id, e.name, e.label, t.name, t.type, t.queue, t.tenant, t.state, left(t.fingerprint, -17),
        case when t.reason in ('queued timeout', 'total timeout') then t.reason else coalesce(t.error ->> 'message', t.reason) end,
        t.error -> 'exitCode', t.error ->> 'signal', t.fingerprint, t.attempt, t.failures, t.max_attempts, t.reason, t.accepted_at, t.finished_at
        """;

    private const string SkippedBehind = """
        with recursive behind(id, name, ordinal) as (
            select $1::uuid, null::text, null::int
            union
            select s.id, s.name, s.ordinal from behind b join sje.finished_tasks s on b.id = any (s.depends_on)
            where s.execution_id = $2 and s.state = 'skipped'
        )
        select array_agg(name order by ordinal) from behind where name is not null
        """;

    /// <summary>Dead letters, the last to fail first, those before <paramref name="after"/>.</summary>
    public async Task<IReadOnlyList<DeadLetter>> ListAsync(
        DeadLetterFilter filter,
        string? tenant,
        DeadLetterPlace? after,
        int limit,
        CancellationToken stop
    )
    {
        var where = new DeadLetterCondition(filter, tenant);
        if (after is { } place)
        {
            var at = where.Add(place.FailedAt, NpgsqlDbType.TimestampTz);
            where.And($"(t.finished_at, t.id) < ({at}, {{0}})", place.Id, NpgsqlDbType.Uuid);
        }

        var most = where.Add(limit, NpgsqlDbType.Integer);
        return await ReadAsync(
            where,
            $"select {Columns} from {DeadLetterCondition.From} where {where} order by t.finished_at desc, t.id desc limit {most}",
            stop
        );
    }

    /// <summary>How many there are of each failure class, none beyond <see cref="MaxCount"/> in all; the filter's class does not matter here.</summary>
    public async Task<IReadOnlyDictionary<string, long>> CountAsync(
        DeadLetterFilter filter,
        string? tenant,
        CancellationToken stop
    )
    {
        var where = new DeadLetterCondition(filter, tenant, anyClass: true);
        await using var command = where.Command(
            database,
            $"""
            select left(fingerprint, -17), count(*) from (
                select t.fingerprint from {where.Tables} where {where} limit {MaxCount}) counted
            group by 1 order by 2 desc, 1
            """
        );
        var counts = new Dictionary<string, long>();
        await using var rows = await command.ExecuteReaderAsync(stop);
        while (await rows.ReadAsync(stop))
        {
            counts[rows.GetString(0)] = rows.GetInt64(1);
        }

        return counts;
    }

    /// <summary>Dead letters by what they look like, the most frequent first.</summary>
    public async Task<IReadOnlyList<DeadLetterGroup>> GroupAsync(
        DeadLetterFilter filter,
        string? tenant,
        int skip,
        int limit,
        CancellationToken stop
    )
    {
        var where = new DeadLetterCondition(filter, tenant);
        var (from, most) = (where.Add(skip, NpgsqlDbType.Integer), where.Add(limit, NpgsqlDbType.Integer));
        await using var command = where.Command(
            database,
            $"""
            select s.*, g.n, g.first, g.last, (
                select array_agg(name) from (
                    select distinct name from (
                        select e.name from {DeadLetterCondition.From} where t.fingerprint = g.fingerprint and {where}
                        order by t.finished_at desc limit 100) newest
                    order by name limit 10) names)
            from (
                select t.fingerprint, count(*) as n, min(t.finished_at) as first, max(t.finished_at) as last
                from {where.Tables} where {where} group by t.fingerprint
                order by n desc, last desc, t.fingerprint offset {from} limit {most}) g
            cross join lateral (
                select {Columns} from {DeadLetterCondition.From} where t.fingerprint = g.fingerprint and {where}
                order by t.finished_at desc limit 1) s
            order by g.n desc, g.last desc, g.fingerprint
            """
        );
        var groups = new List<DeadLetterGroup>();
        await using var row = await command.ExecuteReaderAsync(stop);
        while (await row.ReadAsync(stop))
        {
            var sample = Read(row);
            groups.Add(
                new DeadLetterGroup(
                    sample.Fingerprint,
                    row.GetInt64(20),
                    row.GetFieldValue<DateTimeOffset>(21),
                    row.GetFieldValue<DateTimeOffset>(22),
                    row.GetFieldValue<string[]>(23),
                    sample
                )
            );
        }

        return groups;
    }

    /// <summary>The dead letter of a task, or those of an execution, in the order of the job.</summary>
    public Task<IReadOnlyList<DeadLetter>> FindAsync(Guid taskOrExecution, string? tenant, CancellationToken stop)
    {
        var where = new DeadLetterCondition(new DeadLetterFilter(), tenant).And(
            "(t.id = {0} or t.execution_id = {0})",
            taskOrExecution,
            NpgsqlDbType.Uuid
        );
        return ReadAsync(
            where,
            $"select {Columns} from {DeadLetterCondition.From} where {where} order by t.ordinal limit 1000",
            stop
        );
    }

    /// <summary>The whole error of a task that has ended.</summary>
    public async Task<JsonObject?> FindErrorAsync(Guid task, CancellationToken stop)
    {
        await using var command = database.Main.CreateCommand(
            "select error::text from sje.finished_tasks where id = $1"
        );
        command.Parameters.Add(new NpgsqlParameter { Value = task });
        return await command.ExecuteScalarAsync(stop) is string json ? JsonNode.Parse(json) as JsonObject : null;
    }

    /// <summary>Names of the tasks that were skipped behind one, in the order of the job: a requeue takes them along.</summary>
    public async Task<IReadOnlyList<string>> ListSkippedBehindAsync(DeadLetter letter, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(letter);
        await using var command = database.Main.CreateCommand(SkippedBehind);
        command.Parameters.Add(new NpgsqlParameter { Value = letter.Id });
        command.Parameters.Add(new NpgsqlParameter { Value = letter.ExecutionId });
        return await command.ExecuteScalarAsync(stop) as string[] ?? [];
    }

    private async Task<IReadOnlyList<DeadLetter>> ReadAsync(
        DeadLetterCondition where,
        string sql,
        CancellationToken stop
    )
    {
        await using var command = where.Command(database, sql);
        var found = new List<DeadLetter>();
        await using var row = await command.ExecuteReaderAsync(stop);
        while (await row.ReadAsync(stop))
        {
            found.Add(Read(row));
        }

        return found;
    }

    private static DeadLetter Read(NpgsqlDataReader row)
    {
        string? Text(int column) => row.IsDBNull(column) ? null : row.GetString(column);
        return new DeadLetter(
            row.GetGuid(0),
            row.GetGuid(1),
            row.GetString(2),
            Text(3),
            row.GetString(4),
            row.GetString(5),
            row.GetString(6),
            row.GetString(7),
            StateNames.ParseSnake<TaskState>(row.GetString(8)),
            row.GetString(9),
            Text(10),
            int.TryParse(Text(11), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var code)
                ? code
                : null,
            Text(12),
            row.GetString(13),
            row.GetInt32(14),
            row.GetInt32(15),
            row.GetInt32(16),
            Text(17),
            row.GetFieldValue<DateTimeOffset>(18),
            row.GetFieldValue<DateTimeOffset>(19)
        );
    }
}
