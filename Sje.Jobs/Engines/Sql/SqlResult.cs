using System.Data;
using System.Data.Common;
using System.Text.Json.Nodes;

namespace Sje.Jobs.Engines.Sql;

/// <summary>
/// What a statement gave: how many rows it changed and returned, and the first of these. Where there are several statements, the rows are those of the
/// last that returned any. Whatever they hold, what is kept has a bound; the rest is counted and passed over.
/// </summary>
internal sealed class SqlResult
{
    private const int MostRows = 100;
    private const int MaxCell = 64 * 1024;
    private const int MaxKept = 512 * 1024;

    private readonly JsonArray columns = [];
    private readonly JsonArray rows = [];

    /// <summary>Rows that were inserted, updated, deleted or merged.</summary>
    public long RowsAffected { get; private init; }

    /// <summary>Rows that came back.</summary>
    public long RowCount { get; private set; }

    /// <summary>Executes and reads to the end.</summary>
    public static async Task<SqlResult> ReadAsync(SqlDatabases databases, DbCommand command, CancellationToken stop)
    {
        // Columns of rows that are only counted are never brought together in memory.
        await using var reader = await command.ExecuteReaderAsync(CommandBehavior.SequentialAccess, stop);
        var last = new SqlResult();
        do
        {
            if (reader.FieldCount > 0)
            {
                last = new SqlResult();
                await last.ReadRowsAsync(databases, reader, stop);
            }
        } while (await reader.NextResultAsync(stop));

        await reader.CloseAsync();
        return new SqlResult(last) { RowsAffected = Math.Max(0, reader.RecordsAffected) };
    }

    private SqlResult() { }

    private SqlResult(SqlResult rows) => (columns, this.rows, RowCount) = (rows.columns, rows.rows, rows.RowCount);

    /// <summary><c>{rowsAffected, rowCount, firstRow}</c>.</summary>
    public JsonObject Outputs()
    {
        JsonObject? first = null;
        if (rows is [JsonArray values, ..])
        {
            first = [];
            for (var index = 0; index < columns.Count; index++)
            {
                first.TryAdd(columns[index]!["name"]!.GetValue<string>(), values[index]?.DeepClone()); // made below
            }
        }

        return new JsonObject
        {
            ["rowsAffected"] = RowsAffected,
            ["rowCount"] = RowCount,
            ["firstRow"] = first,
        };
    }

    /// <summary>The first rows, or null where the statement gives none.</summary>
    public JsonNode? Preview() =>
        columns.Count == 0
            ? null
            : new JsonArray(
                new JsonObject
                {
                    ["name"] = "result",
                    ["columns"] = columns.DeepClone(),
                    ["rows"] = rows.DeepClone(),
                }
            );

    private async Task ReadRowsAsync(SqlDatabases databases, DbDataReader reader, CancellationToken stop)
    {
        for (var column = 0; column < reader.FieldCount; column++)
        {
            columns.Add(
                new JsonObject { ["name"] = reader.GetName(column), ["type"] = reader.GetDataTypeName(column) }
            );
        }

        var room = MaxKept;
        while (await reader.ReadAsync(stop))
        {
            RowCount++;
            if (rows.Count >= MostRows || room <= 0)
            {
                continue;
            }

            var row = new JsonArray();
            for (var column = 0; column < reader.FieldCount; column++)
            {
                var value = await databases.ReadAsync(reader, column, Math.Clamp(room, 0, MaxCell), stop);
                room -= value?.ToJsonString().Length ?? 4;
                row.Add(value);
            }

            rows.Add(row);
        }
    }
}
