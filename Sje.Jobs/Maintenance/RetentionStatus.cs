using System.Text.Json;
using System.Text.Json.Nodes;
using Npgsql;
using Sje.Jobs.Storage;
using static Sje.Jobs.Queueing.BatchBuilder;

namespace Sje.Jobs.Maintenance;

/// <summary>Part of a table, or a table that is not divided: about how many rows it has, as the last vacuum or analyze counted them, and its bytes on disk.</summary>
public sealed record TablePart(string Table, long Rows, long Bytes);

/// <summary>
/// The history of a stretch of time. Without a beginning it holds all that is older; without an end it is the default partition's, of no certain time.
/// DropAfter: when its age lets it go; LogsDropAfter: when its log lines may.
/// </summary>
public sealed record HistoryPart(
    DateTimeOffset? From,
    DateTimeOffset? To,
    DateTimeOffset? DropAfter,
    DateTimeOffset? LogsDropAfter,
    long Rows,
    long Bytes,
    IReadOnlyList<TablePart> Tables
);

/// <summary>The last round of retention, and when the next one is due. Report: what it removed; null while there was none.</summary>
public sealed record RetentionRun(
    DateTimeOffset NextAt,
    DateTimeOffset? BeganAt,
    DateTimeOffset? EndedAt,
    JsonNode? Report,
    string? Error
);

/// <summary>Where retention stands.</summary>
public sealed record RetentionState(
    RetentionRun Run,
    IReadOnlyList<HistoryPart> History,
    IReadOnlyList<TablePart> Tables
);

/// <summary>Reads where retention stands, asks for a round, and writes down what one did.</summary>
public sealed class RetentionStatus(Database database)
{
    private const string ReadRun =
        "select next_at, began_at, ended_at, report::text, error from sje.upkeep where name = 'retention'";

    private const string ReadParts = """
        select p.from_at, p.to_at, p.parent, greatest(c.reltuples, 0)::bigint, pg_total_relation_size(c.oid)
        from sje.partitions p join pg_class c on c.oid = p.relation
        order by p.to_at nulls last, p.parent
        """;

    private const string ReadTables = """
        select c.relname, greatest(c.reltuples, 0)::bigint, pg_total_relation_size(c.oid) from pg_class c
        where c.relnamespace = 'sje'::regnamespace and c.relname in ('executions', 'tasks', 'idempotency_keys', 'checkpoints', 'workers')
        order by c.relname
        """;

    private const string Ask =
        "update sje.upkeep set next_at = least(next_at, clock_timestamp()) where name = 'retention'";

    private const string FindDue = "select next_at <= clock_timestamp() from sje.upkeep where name = 'retention'";

    private const string Begin = """
        update sje.upkeep set began_at = clock_timestamp(), next_at = clock_timestamp() + $1
        where name = 'retention' and next_at <= clock_timestamp() returning 1
        """;

    // What was asked for during the round is not forgotten.
    private const string End = """
        update sje.upkeep set ended_at = clock_timestamp(), report = coalesce($1, report), error = $2,
            next_at = case when $2 is null then next_at else least(next_at, clock_timestamp() + $3) end
        where name = 'retention'
        """;

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    /// <summary>Where it stands now.</summary>
    public async Task<RetentionState> ReadAsync(RetentionOptions options, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(options);
        var parts = new List<(DateTimeOffset? From, DateTimeOffset? To, TablePart Part)>();
        await using (var command = database.Main.CreateCommand(ReadParts))
        {
            await using var row = await command.ExecuteReaderAsync(stop);
            while (await row.ReadAsync(stop))
            {
                parts.Add(
                    (
                        await InstantAsync(row, 0, stop),
                        await InstantAsync(row, 1, stop),
                        new TablePart(row.GetString(2), row.GetInt64(3), row.GetInt64(4))
                    )
                );
            }
        }

        var tables = new List<TablePart>();
        await using (var command = database.Main.CreateCommand(ReadTables))
        {
            await using var row = await command.ExecuteReaderAsync(stop);
            while (await row.ReadAsync(stop))
            {
                tables.Add(new TablePart(row.GetString(0), row.GetInt64(1), row.GetInt64(2)));
            }
        }

        return new RetentionState(
            await ReadRunAsync(stop),
            [
                .. parts
                    .GroupBy(p => (p.From, p.To))
                    .Select(g => new HistoryPart(
                        g.Key.From,
                        g.Key.To,
                        g.Key.To + options.HistoryTime,
                        g.Any(p => p.Part.Table == "log_chunks") ? g.Key.To + options.LogsTime : null,
                        g.Sum(p => p.Part.Rows),
                        g.Sum(p => p.Part.Bytes),
                        [.. g.Select(p => p.Part)]
                    )),
            ],
            tables
        );
    }

    /// <summary>Asks for a round now; whichever server is first makes it.</summary>
    public async Task AskAsync(CancellationToken stop)
    {
        await using var command = database.Main.CreateCommand(Ask);
        await command.ExecuteNonQueryAsync(stop);
    }

    /// <summary>Whether a round is due.</summary>
    internal async Task<bool> IsDueAsync(CancellationToken stop)
    {
        await using var command = database.Main.CreateCommand(FindDue);
        return await command.ExecuteScalarAsync(stop) is true;
    }

    /// <summary>Says that a round begins; false when none is due any more.</summary>
    internal async Task<bool> BeginAsync(TimeSpan pause, CancellationToken stop)
    {
        await using var command = database.Main.CreateCommand(Begin);
        command.Parameters.Add(P(pause));
        return await command.ExecuteScalarAsync(stop) is not null;
    }

    /// <summary>Says what a round did, or why it broke off; then it is tried again after <paramref name="retry"/>.</summary>
    internal async Task EndAsync(RetentionReport? report, string? error, TimeSpan retry, CancellationToken stop)
    {
        await using var command = database.Main.CreateCommand(End);
        command.Parameters.Add(Json(report is null ? null : JsonSerializer.Serialize(report, RetentionStatus.Json)));
        command.Parameters.Add(P(error is null ? null : StorableText.Clean(error)));
        command.Parameters.Add(P(retry));
        await command.ExecuteNonQueryAsync(stop);

        static NpgsqlParameter Json(string? value) => P(value, NpgsqlTypes.NpgsqlDbType.Jsonb);
    }

    private async Task<RetentionRun> ReadRunAsync(CancellationToken stop)
    {
        await using var command = database.Main.CreateCommand(ReadRun);
        await using var row = await command.ExecuteReaderAsync(stop);
        await row.ReadAsync(stop);
        return new RetentionRun(
            row.GetFieldValue<DateTimeOffset>(0),
            await InstantAsync(row, 1, stop),
            await InstantAsync(row, 2, stop),
            await row.IsDBNullAsync(3, stop) ? null : JsonNode.Parse(row.GetString(3)),
            await row.IsDBNullAsync(4, stop) ? null : row.GetString(4)
        );
    }

    private static async Task<DateTimeOffset?> InstantAsync(NpgsqlDataReader row, int column, CancellationToken stop) =>
        await row.IsDBNullAsync(column, stop) ? null : row.GetFieldValue<DateTimeOffset>(column);
}
