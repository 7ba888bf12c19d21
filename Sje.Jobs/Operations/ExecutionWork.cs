using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Npgsql;
using Sje.Core.Jobs;
using Sje.Jobs.Queueing;
using Sje.Jobs.Storage;
using static Sje.Jobs.Queueing.BatchBuilder;

namespace Sje.Jobs.Operations;

/// <summary>Which executions an operation means: those that meet the filter, or those that are named.</summary>
public sealed record ExecutionSelection
{
    /// <summary>How many may be named.</summary>
    public const int MaxIds = 10_000;

    /// <summary>What they meet, where they are not named. Its tenant does not matter here.</summary>
    public ExecutionFilter Filter { get; init; } = new();

    /// <summary>Those that are meant; null leaves it to the filter.</summary>
    public IReadOnlyList<Guid>? Ids { get; init; }
}

/// <summary>What executions are to become, and why; each kind of operation reads what is its own.</summary>
public sealed record ExecutionChange
{
    /// <summary>Why they are cancelled.</summary>
    public string? Reason { get; init; }

    /// <summary>The priority that what waits gets.</summary>
    public int? Priority { get; init; }

    /// <summary>The queue that what waits goes to.</summary>
    public string? Queue { get; init; }
}

/// <summary>
/// Cancels, retries and moves executions in the order of their ids, each by the statements that change a single one
/// (<see cref="TaskChanges"/>). Of those that a filter means only such as could be changed when their turn comes are touched; of those that are
/// named each is accounted for.
/// </summary>
internal sealed class ExecutionWork(ExecutionReader executions) : IOperationWork
{
    /// <summary>Rows of a slice: each takes some ten statements, and all are locked until the last is done.</summary>
    internal const int MostTogether = 100;

    private const string NoSuch = "there is no such execution";

    private const string NextOfChosen = """
        select chosen.id, e.id is not null from sje.operations o, unnest(o.ids) as chosen (id)
        left join sje.executions e on e.id = chosen.id and ($4::text is null or e.tenant = $4)
        where o.id = $1 and ($2::uuid is null or chosen.id > $2) order by chosen.id limit $3
        """;

    private const string StateColumn = "sje_execution_state";

    private const string FindState = $"select state as {StateColumn} from sje.executions where id = $1";

    private static readonly JsonSerializerOptions JsonOptions = new(JsonSerializerDefaults.Web)
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower) },
    };

    /// <inheritdoc/>
    public bool Does(OperationKind kind) =>
        kind is OperationKind.Cancel or OperationKind.Retry or OperationKind.Prioritize or OperationKind.Move;

    /// <summary>A filter as it stands with its operation.</summary>
    public static string Write(ExecutionFilter filter)
    {
        var fields = JsonSerializer.SerializeToNode(filter with { Tenant = null }, JsonOptions)!.AsObject();
        foreach (var (name, value) in fields.ToList())
        {
            if (value is JsonArray { Count: 0 })
            {
                fields.Remove(name);
            }
        }

        return fields.ToJsonString();
    }

    /// <summary>A change as it stands with its operation.</summary>
    public static string Write(ExecutionChange change) => JsonSerializer.Serialize(change, JsonOptions);

    /// <summary>How many executions of a tenant, or of all, an operation would change now.</summary>
    public Task<long> CountAsync(
        OperationKind kind,
        ExecutionSelection selection,
        string? tenant,
        DateTimeOffset until,
        CancellationToken stop
    ) => executions.CountChangeableAsync(Bounded(selection.Filter, tenant, until), StageOf(kind), selection.Ids, stop);

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
        var limit = Math.Min(most, MostTogether);
        var rows = operation.IsChosen
            ? await ListChosenAsync(operation, connection, transaction, limit, stop)
            : await ListMatchingAsync(operation, limit, stop);
        if (rows.Count == 0)
        {
            return null;
        }

        var last = new OperationPlace(null, rows[^1].Id);
        if (asFailure is not null)
        {
            return OperationSlice.Refused(rows.Count, asFailure, last);
        }

        var there = rows.Where(row => row.Exists).Select(row => row.Id).ToArray();
        var unchanged = new Dictionary<string, long>();
        if (rows.Count > there.Length)
        {
            unchanged[NoSuch] = rows.Count - there.Length;
        }

        return await ChangeAsync(operation, connection, transaction, there, unchanged, stop) with
        {
            Last = last,
        };
    }

    private static ExecutionFilter Bounded(ExecutionFilter filter, string? tenant, DateTimeOffset until) =>
        // What came at the very instant was there; the clock goes by microseconds.
        filter with
        {
            Tenant = tenant,
            Until = filter.Until < until ? filter.Until : until.AddMicroseconds(1),
        };

    private static ExecutionStage StageOf(OperationKind kind) =>
        kind == OperationKind.Retry ? ExecutionStage.EndedWithoutSuccess : ExecutionStage.Alive;

    private async Task<List<(Guid Id, bool Exists)>> ListMatchingAsync(
        TakenOperation operation,
        int limit,
        CancellationToken stop
    )
    {
        var filter =
            JsonSerializer.Deserialize<ExecutionFilter>(operation.Filter, JsonOptions)
            ?? throw new InvalidOperationException("An operation without a filter.");
        var found = await executions.ListChangeableAsync(
            Bounded(filter, operation.Tenant, operation.Until),
            StageOf(operation.Kind),
            operation.Position?.Id,
            limit,
            stop
        );
        return [.. found.Select(id => (id, true))];
    }

    private static async Task<List<(Guid Id, bool Exists)>> ListChosenAsync(
        TakenOperation operation,
        NpgsqlConnection connection,
        NpgsqlTransaction transaction,
        int limit,
        CancellationToken stop
    )
    {
        await using var command = new NpgsqlCommand(NextOfChosen, connection, transaction);
        command.Parameters.AddRange(
            new[] { P(operation.Id), P(operation.Position?.Id), P(limit), P(operation.Tenant) }
        );
        var rows = new List<(Guid, bool)>();
        await using var row = await command.ExecuteReaderAsync(stop);
        while (await row.ReadAsync(stop))
        {
            rows.Add((row.GetGuid(0), row.GetBoolean(1)));
        }

        return rows;
    }

    private static async Task<OperationSlice> ChangeAsync(
        TakenOperation operation,
        NpgsqlConnection connection,
        NpgsqlTransaction transaction,
        Guid[] ids,
        Dictionary<string, long> unchanged,
        CancellationToken stop
    )
    {
        var change = operation.Settings.Deserialize<ExecutionChange>(JsonOptions) ?? new ExecutionChange();
        await using var batch = new NpgsqlBatch(connection, transaction);
        TaskChanges.AddLocks(batch, ids);
        foreach (var id in ids)
        {
            switch (operation.Kind)
            {
                case OperationKind.Cancel:
                    var reason = change.Reason ?? (operation.By is { } by ? $"cancelled by {by}" : "cancelled");
                    TaskChanges.AddCancel(batch, id, new Wish(reason, operation.By), Cancelling.ByRequest);
                    break;
                case OperationKind.Retry:
                    TaskChanges.AddRetry(batch, id, null, new Wish("retried", operation.By));
                    break;
                default:
                    TaskChanges.AddMove(batch, id, change.Priority, change.Queue, operation.By);
                    break;
            }

            batch.Add(FindState, P(id));
        }

        var done = 0L;
        var ended = new List<EndedExecution>();
        var changed = false;
        await using (var row = await batch.ExecuteReaderAsync(stop))
        {
            do
            {
                ended.AddRange(await Settlement.ReadEndsAsync(row, stop));
                while (await row.ReadAsync(stop))
                {
                    switch (row.GetName(0))
                    {
                        case TaskChanges.ChangedColumn:
                            changed |= row.GetBoolean(0);
                            break;
                        case StateColumn when changed:
                            (changed, done) = (false, done + 1);
                            break;
                        case StateColumn:
                            var why = WhyNot(operation.Kind, StateNames.ParseSnake<ExecutionState>(row.GetString(0)));
                            unchanged[why] = unchanged.GetValueOrDefault(why) + 1;
                            break;
                    }
                }
            } while (await row.NextResultAsync(stop));
        }

        return new OperationSlice(done, unchanged, default) { Committed = () => Settlement.Count(ended) };
    }

    private static string WhyNot(OperationKind kind, ExecutionState state) =>
        kind switch
        {
            OperationKind.Retry => $"it is {state.ToSnake()}, and nothing of it ended without success",
            _ when state.IsFinal() => $"it is {state.ToSnake()}",
            OperationKind.Cancel => $"it is {state.ToSnake()} and could not be cancelled",
            _ => "nothing of it waits that could be moved so: it runs, or the queue is of another lane",
        };
}
