using System.Text.Json;
using Npgsql;
using NpgsqlTypes;
using Sje.Jobs.DeadLetters;
using Sje.Jobs.Storage;

namespace Sje.Jobs.Operations;

/// <summary>Requeues and purges dead letters in the order in which they failed.</summary>
internal sealed class DeadLetterWork : IOperationWork
{
    private static readonly JsonSerializerOptions JsonOptions = new(JsonSerializerDefaults.Web);

    /// <inheritdoc/>
    public bool Does(OperationKind kind) => kind is OperationKind.Requeue or OperationKind.Purge;

    /// <summary>A filter as it stands with its operation.</summary>
    public static string Write(DeadLetterFilter filter) => JsonSerializer.Serialize(filter, JsonOptions);

    /// <summary>How many dead letters of a tenant, or of all, an operation that began then means.</summary>
    public static async Task<long> CountAsync(
        Database database,
        DeadLetterFilter filter,
        string? tenant,
        DateTimeOffset until,
        CancellationToken stop
    )
    {
        var where = Bounded(filter, tenant, until);
        await using var command = where.Command(database, $"select count(*) from {where.Tables} where {where}");
        return await command.ExecuteScalarAsync(stop) is long count ? count : 0;
    }

    /// <inheritdoc/>
    public async Task<OperationSlice?> WorkAsync(
        TakenOperation operation,
        NpgsqlConnection connection,
        NpgsqlTransaction transaction,
        int most,
        string? asFailure,
        CancellationToken stop
    )
    {
        var rows = await ListAsync(operation, connection, transaction, most, stop);
        if (rows.Count == 0)
        {
            return null;
        }

        var last = rows[^1].Place;
        if (asFailure is not null)
        {
            return OperationSlice.Refused(rows.Count, asFailure, last);
        }

        await using var batch = new NpgsqlBatch(connection, transaction);
        var done = await DeadLetterControl.ChangeAsync(
            batch,
            operation.Kind == OperationKind.Requeue ? DeadLetterChange.Requeue : DeadLetterChange.Purge,
            [.. rows.Select(s => s.Execution).Distinct()],
            [.. rows.Where(s => s.Graph).Select(s => s.Execution).Distinct()],
            [.. rows.Select(s => s.Place.Id)],
            operation.By,
            operation.Until,
            stop
        );
        return new OperationSlice(done, new Dictionary<string, long>(), last);
    }

    private static DeadLetterCondition Bounded(DeadLetterFilter filter, string? tenant, DateTimeOffset until) =>
        new DeadLetterCondition(filter, tenant).And("t.finished_at <= {0}", until, NpgsqlDbType.TimestampTz);

    private static async Task<List<(OperationPlace Place, Guid Execution, bool Graph)>> ListAsync(
        TakenOperation operation,
        NpgsqlConnection connection,
        NpgsqlTransaction transaction,
        int most,
        CancellationToken stop
    )
    {
        var filter =
            JsonSerializer.Deserialize<DeadLetterFilter>(operation.Filter, JsonOptions)
            ?? throw new InvalidOperationException("An operation without a filter.");
        var where = Bounded(filter, operation.Tenant, operation.Until);
        if (operation.Position is { At: { } failedAt, Id: var id })
        {
            var at = where.Add(failedAt, NpgsqlDbType.TimestampTz);
            where.And($"(t.finished_at, t.id) > ({at}, {{0}})", id, NpgsqlDbType.Uuid);
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
        var rows = new List<(OperationPlace, Guid, bool)>();
        await using var row = await command.ExecuteReaderAsync(stop);
        while (await row.ReadAsync(stop))
        {
            rows.Add(
                (
                    new OperationPlace(row.GetFieldValue<DateTimeOffset>(0), row.GetGuid(1)),
                    row.GetGuid(2),
                    row.GetBoolean(3)
                )
            );
        }

        return rows;
    }
}
