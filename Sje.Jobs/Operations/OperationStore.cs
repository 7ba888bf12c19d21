using System.Text.Json;
using System.Text.Json.Nodes;
using Npgsql;
using NpgsqlTypes;
using Sje.Core.Jobs;
using Sje.Jobs.DeadLetters;
using Sje.Jobs.Faults;
using Sje.Jobs.Queueing;
using Sje.Jobs.Storage;
using static Sje.Jobs.Queueing.BatchBuilder;

namespace Sje.Jobs.Operations;

/// <summary>
/// Begins, shows and cancels operations on many rows, and works them off a slice at a time. How far one is stands in its row, and among the events
/// under its id.
/// </summary>
public sealed class OperationStore(Database database, SortableIds ids, Signals signals, ExecutionReader executions)
{
    private const string Columns = """
        id, kind, filter::text, state, total, done, failed, last_error, requested_by, created_at, updated_at, finished_at, settings::text,
        cardinality(ids), reasons::text
        """;

    private const string Get =
        $"select {Columns} from sje.operations where id = $1 and ($2::text is null or tenant = $2)";

    private const string List = $"""
        select {Columns} from sje.operations where ($1::text is null or tenant = $1) and ($2::uuid is null or id < $2)
        order by id desc limit $3
        """;

    private const string Begin = $"""
        with begun as (
            insert into sje.operations (id, kind, filter, settings, ids, tenant, requested_by, until, created_at, total)
            values ($1, $2, $3, $4, $5, $6, $7, $8, $8, $9)
            returning {Columns}
        ), told as (
            {Tell} 'running', jsonb_strip_nulls(jsonb_build_object('kind', $2, 'total', $9, 'by', $7)) from begun
        )
        select * from begun
        """;

    // $1 operation.
    private const string Tell = "insert into sje.events (execution_id, kind, data) select $1, 'operation.' ||";

    private const string Cancel = $"""
        with ended as (
            update sje.operations set state = 'cancelled', finished_at = clock_timestamp(), updated_at = clock_timestamp()
            where id = $1 and ($2::text is null or tenant = $2) and state = 'running'
            returning done, failed
        )
        {Tell} 'cancelled', jsonb_strip_nulls(jsonb_build_object('done', done, 'failed', failed, 'by', $3)) from ended
        """;

    // Whoever works on one holds its row until the slice is written.
    private const string Take = """
        select id, kind, filter::text, tenant, requested_by, until, position_at, position_id, settings::text, ids is not null from sje.operations
        where state = 'running' order by created_at limit 1 for update skip locked
        """;

    // $7 reasons of the slice. Their words are few.
    private const string Move = $"""
        with moved as (
            update sje.operations set done = done + $2, failed = failed + $3, last_error = coalesce($4, last_error), position_at = $5, position_id = $6,
                updated_at = clock_timestamp(), reasons = reasons || (
                    select coalesce(jsonb_object_agg(key, coalesce((reasons ->> key)::bigint, 0) + value::bigint), jsonb_build_object()) from jsonb_each_text($7))
            where id = $1
            returning total, done, failed
        )
        {Tell} 'running', jsonb_build_object('total', total, 'done', done, 'failed', failed) from moved
        """;

    private const string Finish = $"""
        with finished as (
            update sje.operations set finished_at = clock_timestamp(), updated_at = clock_timestamp(),
                state = case when failed = 0 then 'succeeded' when done > 0 then 'partially_succeeded' else 'failed' end
            where id = $1
            returning state, total, done, failed
        )
        {Tell} state, jsonb_build_object('total', total, 'done', done, 'failed', failed) from finished
        """;

    private readonly ExecutionWork executionWork = new(executions);
    private readonly DeadLetterWork deadLetterWork = new();

    /// <summary>Begins an operation on dead letters: it is durable when this returns, and any process works on it.</summary>
    /// <param name="kind">What to do.</param>
    /// <param name="filter">To which dead letters.</param>
    /// <param name="tenant">Only to this tenant's; null is to everybody's.</param>
    /// <param name="by">Who asks.</param>
    /// <param name="stop">Gives up.</param>
    public async Task<Operation> BeginAsync(
        OperationKind kind,
        DeadLetterFilter filter,
        string? tenant,
        string? by,
        CancellationToken stop
    )
    {
        ArgumentNullException.ThrowIfNull(filter);
        var now = await FindNowAsync(stop);
        var total = await DeadLetterWork.CountAsync(database, filter, tenant, now, stop);
        return await BeginAsync(kind, DeadLetterWork.Write(filter), "{}", null, tenant, by, now, total, stop);
    }

    /// <summary>Begins an operation on executions: it is durable when this returns, and any process works on it.</summary>
    /// <param name="kind">What to do.</param>
    /// <param name="selection">To which executions.</param>
    /// <param name="change">What they become.</param>
    /// <param name="tenant">Only to this tenant's; null is to everybody's.</param>
    /// <param name="by">Who asks.</param>
    /// <param name="stop">Gives up.</param>
    public async Task<Operation> BeginAsync(
        OperationKind kind,
        ExecutionSelection selection,
        ExecutionChange change,
        string? tenant,
        string? by,
        CancellationToken stop
    )
    {
        ArgumentNullException.ThrowIfNull(selection);
        ArgumentNullException.ThrowIfNull(change);
        var now = await FindNowAsync(stop);
        Guid[]? chosen = selection.Ids is null ? null : [.. selection.Ids.Distinct()];
        var total = chosen?.Length ?? await executionWork.CountAsync(kind, selection, tenant, now, stop);
        var filter = chosen is null ? ExecutionWork.Write(selection.Filter) : "{}";
        return await BeginAsync(kind, filter, ExecutionWork.Write(change), chosen, tenant, by, now, total, stop);
    }

    /// <summary>How many executions an operation that began now would change.</summary>
    public async Task<long> CountAsync(
        OperationKind kind,
        ExecutionSelection selection,
        string? tenant,
        CancellationToken stop
    )
    {
        ArgumentNullException.ThrowIfNull(selection);
        return await executionWork.CountAsync(kind, selection, tenant, await FindNowAsync(stop), stop);
    }

    /// <summary>An operation of a tenant, or of anybody.</summary>
    public async Task<Operation?> FindAsync(Guid id, string? tenant, CancellationToken stop) =>
        await ReadAsync(Get, stop, P(id), P(tenant)) is [var only] ? only : null;

    /// <summary>Operations of a tenant, or all, newest first, those older than <paramref name="before"/>.</summary>
    public Task<IReadOnlyList<Operation>> ListAsync(string? tenant, Guid? before, int limit, CancellationToken stop) =>
        ReadAsync(List, stop, P(tenant), P(before), P(limit));

    /// <summary>Ends an operation before it is over; what it has done stays done. False when it was over, or is none of the tenant's.</summary>
    public async Task<bool> CancelAsync(Guid id, string? tenant, string? by, CancellationToken stop)
    {
        await using var command = database.Main.CreateCommand(Cancel);
        command.Parameters.AddRange(new[] { P(id), P(tenant), P(by) });
        if (await command.ExecuteNonQueryAsync(stop) == 0)
        {
            return false;
        }

        signals.Raise(SignalKind.Change);
        return true;
    }

    /// <summary>
    /// Works off one slice of the oldest operation that nobody else works on, in one transaction: the rows, and how far it is, or neither.
    /// </summary>
    /// <param name="most">Rows of the slice.</param>
    /// <param name="asFailure">Why the slice, of one row, is to be noted as failed and passed over; null to work it off.</param>
    /// <param name="stop">Gives up.</param>
    /// <returns>The operation and whether it is over now; null when none waits.</returns>
    internal async Task<(Guid Operation, bool Over)?> WorkAsync(int most, string? asFailure, CancellationToken stop)
    {
        await using var connection = await database.Main.OpenConnectionAsync(stop);
        await using var transaction = await connection.BeginTransactionAsync(stop);
        if (await TakeAsync(connection, transaction, stop) is not { } taken)
        {
            return null;
        }

        IOperationWork work = deadLetterWork.Does(taken.Kind) ? deadLetterWork : executionWork;
        var slice = await work.WorkAsync(taken, connection, transaction, most, asFailure, stop);
        if (slice is null)
        {
            await ExecuteAsync(connection, transaction, Finish, stop, P(taken.Id));
            await transaction.CommitAsync(stop);
            signals.Raise(SignalKind.Change);
            return (taken.Id, true);
        }

        await ExecuteAsync(
            connection,
            transaction,
            Move,
            stop,
            P(taken.Id),
            P(slice.Done),
            P(slice.Unchanged.Values.Sum()),
            P((asFailure ?? slice.Unchanged.Keys.LastOrDefault()) is { } why ? StorableText.Clean(why) : null),
            P(slice.Last.At, NpgsqlDbType.TimestampTz),
            P(slice.Last.Id),
            Json(StorableText.Clean(JsonSerializer.Serialize(slice.Unchanged)))
        );
        FaultPoint.At(FaultPoint.OperationWritten);
        await transaction.CommitAsync(stop);
        FaultPoint.At(FaultPoint.OperationCommitted);
        slice.Committed?.Invoke();
        signals.Raise(SignalKind.Change);
        if (slice.Done > 0)
        {
            DeadLetterControl.Announce(signals);
        }

        return (taken.Id, false);
    }

    private async Task<Operation> BeginAsync(
        OperationKind kind,
        string filter,
        string settings,
        Guid[]? chosen,
        string? tenant,
        string? by,
        DateTimeOffset now,
        long total,
        CancellationToken stop
    )
    {
        var begun = await ReadAsync(
            Begin,
            stop,
            P(ids.Next()),
            P(Operation.WordOf(kind)),
            Json(filter),
            Json(settings),
            P(chosen, NpgsqlDbType.Array | NpgsqlDbType.Uuid),
            P(tenant),
            P(by),
            P(now, NpgsqlDbType.TimestampTz),
            P(total)
        );
        signals.Raise(SignalKind.Control);
        signals.Raise(SignalKind.Change);
        return begun[0];
    }

    // What begins later is none of the operation's: the database's clock is the one that its rows go by.
    private async Task<DateTimeOffset> FindNowAsync(CancellationToken stop)
    {
        await using var command = database.Main.CreateCommand("select clock_timestamp()");
        await using var row = await command.ExecuteReaderAsync(stop);
        await row.ReadAsync(stop);
        return row.GetFieldValue<DateTimeOffset>(0);
    }

    private static async Task ExecuteAsync(
        NpgsqlConnection connection,
        NpgsqlTransaction transaction,
        string sql,
        CancellationToken stop,
        params NpgsqlParameter[] parameters
    )
    {
        await using var command = new NpgsqlCommand(sql, connection, transaction);
        command.Parameters.AddRange(parameters);
        await command.ExecuteNonQueryAsync(stop);
    }

    private static async Task<TakenOperation?> TakeAsync(
        NpgsqlConnection connection,
        NpgsqlTransaction transaction,
        CancellationToken stop
    )
    {
        await using var command = new NpgsqlCommand(Take, connection, transaction);
        await using var row = await command.ExecuteReaderAsync(stop);
        if (!await row.ReadAsync(stop))
        {
            return null;
        }

        return new TakenOperation(
            row.GetGuid(0),
            Operation.KindOf(row.GetString(1)),
            row.GetString(2),
            ObjectOf(row.GetString(8)),
            row.GetBoolean(9),
            await row.IsDBNullAsync(3, stop) ? null : row.GetString(3),
            await row.IsDBNullAsync(4, stop) ? null : row.GetString(4),
            row.GetFieldValue<DateTimeOffset>(5),
            await row.IsDBNullAsync(7, stop)
                ? null
                : new OperationPlace(
                    await row.IsDBNullAsync(6, stop) ? null : row.GetFieldValue<DateTimeOffset>(6),
                    row.GetGuid(7)
                )
        );
    }

    private async Task<IReadOnlyList<Operation>> ReadAsync(
        string sql,
        CancellationToken stop,
        params NpgsqlParameter[] parameters
    )
    {
        await using var command = database.Main.CreateCommand(sql);
        command.Parameters.AddRange(parameters);
        var found = new List<Operation>();
        await using var row = await command.ExecuteReaderAsync(stop);
        while (await row.ReadAsync(stop))
        {
            found.Add(Read(row));
        }

        return found;
    }

    private static Operation Read(NpgsqlDataReader row)
    {
        var state = StateNames.ParseSnake<OperationState>(row.GetString(3));
        var (total, done, failed) = (row.GetInt64(4), row.GetInt64(5), row.GetInt64(6));
        return new Operation(
            row.GetGuid(0),
            Operation.KindOf(row.GetString(1)),
            ObjectOf(row.GetString(2)),
            row.IsDBNull(13) ? null : row.GetInt32(13),
            ObjectOf(row.GetString(12)),
            state,
            total,
            done,
            failed,
            JsonSerializer.Deserialize<Dictionary<string, long>>(row.GetString(14)) ?? [],
            state is OperationState.Running or OperationState.Cancelled ? null : Math.Max(0, total - done - failed),
            row.IsDBNull(7) ? null : row.GetString(7),
            row.IsDBNull(8) ? null : row.GetString(8),
            row.GetFieldValue<DateTimeOffset>(9),
            row.GetFieldValue<DateTimeOffset>(10),
            row.IsDBNull(11) ? null : row.GetFieldValue<DateTimeOffset>(11)
        );
    }

    private static JsonObject ObjectOf(string json) => JsonNode.Parse(json) as JsonObject ?? [];
}
