using System.Text.Json;
using Npgsql;
using NpgsqlTypes;
using Sje.Core.Jobs;
using Sje.Jobs.Faults;
using Sje.Jobs.Queueing;
using Sje.Jobs.Storage;
using static Sje.Jobs.Queueing.BatchBuilder;

namespace Sje.Jobs.DeadLetters;

/// <summary>Begins, shows and cancels operations on dead letters, and works them off a slice at a time.</summary>
public sealed class OperationStore(Database database, SortableIds ids, Signals signals)
{
    private static readonly JsonSerializerOptions JsonOptions = new(JsonSerializerDefaults.Web);

    private const string Columns = """
        id, kind, filter::text, state, total, done, failed, last_error, requested_by, created_at, updated_at, finished_at
        """;

    private const string Get =
        $"select {Columns} from sje.operations where id = $1 and ($2::text is null or tenant = $2)";

    private const string List = $"""
        select {Columns} from sje.operations where ($1::text is null or tenant = $1) and ($2::uuid is null or id < $2)
        order by id desc limit $3
        """;

    private const string Cancel = """
        update sje.operations set state = 'cancelled', finished_at = clock_timestamp(), updated_at = clock_timestamp()
        where id = $1 and ($2::text is null or tenant = $2) and state = 'running'
        """;

    // Whoever works on one holds its row until the slice is written.
    private const string Take = """
        select id, kind, filter::text, tenant, requested_by, until, position_at, position_id from sje.operations
        where state = 'running' order by created_at limit 1 for update skip locked
        """;

    private const string Move = """
        update sje.operations set done = done + $2, failed = failed + $3, last_error = coalesce($4, last_error), position_at = $5, position_id = $6,
            updated_at = clock_timestamp()
        where id = $1
        """;

    private const string Finish = """
        update sje.operations set finished_at = clock_timestamp(), updated_at = clock_timestamp(),
            state = case when failed = 0 then 'succeeded' when done > 0 then 'partially_succeeded' else 'failed' end
        where id = $1
        """;

    /// <summary>Begins an operation: it is durable when this returns, and any process works on it.</summary>
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
        var where = new DeadLetterCondition(filter, tenant);
        var id = where.Add(ids.Next(), NpgsqlDbType.Uuid);
        var word = where.Add(Operation.WordOf(kind), NpgsqlDbType.Text);
        var json = where.Add(JsonSerializer.Serialize(filter, JsonOptions), NpgsqlDbType.Jsonb);
        var whose = where.Add((object?)tenant ?? DBNull.Value, NpgsqlDbType.Text);
        var who = where.Add((object?)by ?? DBNull.Value, NpgsqlDbType.Text);
        await using var command = where.Command(
            database,
            $"""
            with now as materialized (select clock_timestamp() as at)
            insert into sje.operations (id, kind, filter, tenant, requested_by, until, created_at, total)
            select {id}, {word}, {json}, {whose}, {who}, now.at, now.at, (
                select count(*) from {where.Tables} where {where} and t.finished_at <= now.at)
            from now
            returning {Columns}
            """
        );
        Operation begun;
        await using (var row = await command.ExecuteReaderAsync(stop))
        {
            await row.ReadAsync(stop);
            begun = Read(row);
        }

        signals.Raise(SignalKind.Control);
        return begun;
    }

    /// <summary>An operation of a tenant, or of anybody.</summary>
    public async Task<Operation?> FindAsync(Guid id, string? tenant, CancellationToken stop) =>
        await ReadAsync(Get, stop, P(id), P(tenant)) is [var only] ? only : null;

    /// <summary>Operations of a tenant, or all, newest first, those older than <paramref name="before"/>.</summary>
    public Task<IReadOnlyList<Operation>> ListAsync(string? tenant, Guid? before, int limit, CancellationToken stop) =>
        ReadAsync(List, stop, P(tenant), P(before), P(limit));

    /// <summary>Ends an operation before it is over; what it has done stays done. False when it was over, or is none of the tenant's.</summary>
    public async Task<bool> CancelAsync(Guid id, string? tenant, CancellationToken stop)
    {
        await using var command = database.Main.CreateCommand(Cancel);
        command.Parameters.AddRange(new[] { P(id), P(tenant) });
        return await command.ExecuteNonQueryAsync(stop) > 0;
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

        var slice = await SliceAsync(connection, transaction, taken, most, stop);
        if (slice.Count == 0)
        {
            await using var finish = new NpgsqlCommand(Finish, connection, transaction);
            finish.Parameters.Add(P(taken.Id));
            await finish.ExecuteNonQueryAsync(stop);
            await transaction.CommitAsync(stop);
            return (taken.Id, true);
        }

        var done = asFailure is null ? await ChangeAsync(connection, transaction, taken, slice, stop) : 0;
        await using (var move = new NpgsqlCommand(Move, connection, transaction))
        {
            var last = slice[^1].Place;
            move.Parameters.AddRange(
                new[]
                {
                    P(taken.Id),
                    P(done),
                    P(asFailure is null ? 0L : slice.Count),
                    P(asFailure is null ? null : StorableText.Clean(asFailure)),
                    P(last.FailedAt, NpgsqlDbType.TimestampTz),
                    P(last.Id),
                }
            );
            await move.ExecuteNonQueryAsync(stop);
        }

        FaultPoint.At(FaultPoint.OperationWritten);
        await transaction.CommitAsync(stop);
        FaultPoint.At(FaultPoint.OperationCommitted);
        if (done > 0)
        {
            DeadLetterControl.Announce(signals);
        }

        return (taken.Id, false);
    }

    private static async Task<Taken?> TakeAsync(
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

        return new Taken(
            row.GetGuid(0),
            Operation.KindOf(row.GetString(1)),
            FilterOf(row.GetString(2)),
            await row.IsDBNullAsync(3, stop) ? null : row.GetString(3),
            await row.IsDBNullAsync(4, stop) ? null : row.GetString(4),
            row.GetFieldValue<DateTimeOffset>(5),
            await row.IsDBNullAsync(6, stop)
                ? null
                : new DeadLetterPlace(row.GetFieldValue<DateTimeOffset>(6), row.GetGuid(7))
        );
    }

    private static async Task<List<(DeadLetterPlace Place, Guid Execution, bool Graph)>> SliceAsync(
        NpgsqlConnection connection,
        NpgsqlTransaction transaction,
        Taken operation,
        int most,
        CancellationToken stop
    )
    {
        var where = new DeadLetterCondition(operation.Filter, operation.Tenant).And(
            "t.finished_at <= {0}",
            operation.Until,
            NpgsqlDbType.TimestampTz
        );
        if (operation.Position is { } place)
        {
            var at = where.Add(place.FailedAt, NpgsqlDbType.TimestampTz);
            where.And($"(t.finished_at, t.id) > ({at}, {{0}})", place.Id, NpgsqlDbType.Uuid);
        }

        var limit = where.Add(most, NpgsqlDbType.Integer);
        await using var command = where.Command(
            connection,
            transaction,
            $"""
            select t.finished_at, t.id, t.execution_id, coalesce((select x.task_count > 1 from sje.executions x where x.id = t.execution_id), false)
            from {where.Tables} where {where} order by t.finished_at, t.id limit {limit}
            """
        );
        var slice = new List<(DeadLetterPlace, Guid, bool)>();
        await using var row = await command.ExecuteReaderAsync(stop);
        while (await row.ReadAsync(stop))
        {
            slice.Add(
                (
                    new DeadLetterPlace(row.GetFieldValue<DateTimeOffset>(0), row.GetGuid(1)),
                    row.GetGuid(2),
                    row.GetBoolean(3)
                )
            );
        }

        return slice;
    }

    private static async Task<long> ChangeAsync(
        NpgsqlConnection connection,
        NpgsqlTransaction transaction,
        Taken operation,
        List<(DeadLetterPlace Place, Guid Execution, bool Graph)> slice,
        CancellationToken stop
    )
    {
        await using var batch = new NpgsqlBatch(connection, transaction);
        return await DeadLetterControl.ChangeAsync(
            batch,
            operation.Kind,
            [.. slice.Select(s => s.Execution).Distinct()],
            [.. slice.Where(s => s.Graph).Select(s => s.Execution).Distinct()],
            [.. slice.Select(s => s.Place.Id)],
            operation.By,
            operation.Until,
            stop
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
            FilterOf(row.GetString(2)),
            state,
            total,
            done,
            failed,
            state is OperationState.Running or OperationState.Cancelled ? null : Math.Max(0, total - done - failed),
            row.IsDBNull(7) ? null : row.GetString(7),
            row.IsDBNull(8) ? null : row.GetString(8),
            row.GetFieldValue<DateTimeOffset>(9),
            row.GetFieldValue<DateTimeOffset>(10),
            row.IsDBNull(11) ? null : row.GetFieldValue<DateTimeOffset>(11)
        );
    }

    private static DeadLetterFilter FilterOf(string json) =>
        JsonSerializer.Deserialize<DeadLetterFilter>(json, JsonOptions)
        ?? throw new InvalidOperationException("An operation without a filter.");

    private sealed record Taken(
        Guid Id,
        OperationKind Kind,
        DeadLetterFilter Filter,
        string? Tenant,
        string? By,
        DateTimeOffset Until,
        DeadLetterPlace? Position
    );
}
