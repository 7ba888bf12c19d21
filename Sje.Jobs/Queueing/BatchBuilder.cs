using Npgsql;
using NpgsqlTypes;

namespace Sje.Jobs.Queueing;

/// <summary>
/// Collects statements that travel in one round trip. Without an explicit transaction around it PostgreSQL runs such a batch as one
/// implicit transaction: all of it or nothing.
/// </summary>
internal static class BatchBuilder
{
    /// <summary>Adds a statement with positional parameters ($1, $2, ...).</summary>
    public static NpgsqlBatch Add(this NpgsqlBatch batch, string sql, params ReadOnlySpan<NpgsqlParameter> parameters)
    {
        var command = new NpgsqlBatchCommand(sql);
        foreach (var parameter in parameters)
        {
            command.Parameters.Add(parameter);
        }

        batch.BatchCommands.Add(command);
        return batch;
    }

    /// <summary>A parameter of an explicit type; null becomes SQL NULL.</summary>
    public static NpgsqlParameter P(object? value, NpgsqlDbType type) =>
        new() { Value = value ?? DBNull.Value, NpgsqlDbType = type };

    /// <summary>A uuid.</summary>
    public static NpgsqlParameter P(Guid? value) => P(value, NpgsqlDbType.Uuid);

    /// <summary>A text.</summary>
    public static NpgsqlParameter P(string? value) => P(value, NpgsqlDbType.Text);

    /// <summary>An integer.</summary>
    public static NpgsqlParameter P(int value) => P(value, NpgsqlDbType.Integer);

    /// <summary>A bigint.</summary>
    public static NpgsqlParameter P(long value) => P(value, NpgsqlDbType.Bigint);

    /// <summary>JSON text as jsonb.</summary>
    public static NpgsqlParameter Json(string? value) => P(value, NpgsqlDbType.Jsonb);

    /// <summary>An interval.</summary>
    public static NpgsqlParameter P(TimeSpan? value) => P(value, NpgsqlDbType.Interval);

    /// <summary>An array of values, for <c>unnest</c> and <c>any</c>.</summary>
    public static NpgsqlParameter Array<T>(NpgsqlDbType type, IEnumerable<T> values) =>
        P(values.ToArray(), NpgsqlDbType.Array | type);
}
