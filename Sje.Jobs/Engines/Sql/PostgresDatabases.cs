using System.Data.Common;
using System.Globalization;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Npgsql;
using NpgsqlTypes;

namespace Sje.Jobs.Engines.Sql;

/// <summary>
/// PostgreSQL. A parameter has the type that the same literal has in SQL: a text is of unknown type, so it fits dates, uuids and enums; whole
/// numbers are integer, bigint or numeric by size; objects and lists are jsonb. Results come as text, as psql shows them: every type
/// has that form, also those that .NET has no equal for.
/// </summary>
internal sealed class PostgresDatabases : SqlDatabases
{
    public const string Name = "postgres";

    public override string? Problem(string connectionString)
    {
        if (string.IsNullOrWhiteSpace(connectionString))
        {
            return "it is empty; it looks like Host=db.example;Database=sales;Username=reader;Password=...";
        }

        try
        {
            return string.IsNullOrEmpty(new NpgsqlConnectionStringBuilder(connectionString).Host)
                ? "it names no Host"
                : null;
        }
        catch (Exception e) when (e is ArgumentException or FormatException or InvalidOperationException)
        {
            // Npgsql's message names the keyword that it does not know; of a text that is no list of keywords that may be the password.
            return "it cannot be read; it looks like Host=db.example;Database=sales;Username=reader;Password=...";
        }
    }

    public override (DbDataSource Source, int Most) Open(string connectionString)
    {
        var settings = new NpgsqlConnectionStringBuilder(connectionString);
        settings.ApplicationName ??= "sje";
        if (!settings.ContainsKey("Tcp Keepalive"))
        {
            // A statement may run for hours, and has no limit of its own: a server that is gone must be noticed.
            (settings.TcpKeepAlive, settings.TcpKeepAliveTime, settings.TcpKeepAliveInterval) = (true, 60, 10);
        }

        return (NpgsqlFactory.Instance.CreateDataSource(settings.ConnectionString), settings.MaxPoolSize);
    }

    public override int SessionOf(DbConnection connection) => ((NpgsqlConnection)connection).ProcessID;

    public override async Task EndAsync(DbConnection connection, int session, CancellationToken stop)
    {
        await using var command = new NpgsqlCommand(
            "select pg_terminate_backend(pid) from pg_stat_activity where pid = $1 and usename = current_user and state <> 'idle'",
            (NpgsqlConnection)connection
        );
        command.Parameters.Add(new() { Value = session });
        await command.ExecuteNonQueryAsync(stop);
    }

    public override void Bind(DbParameter parameter, JsonNode? value)
    {
        var target = (NpgsqlParameter)parameter;
        (target.NpgsqlDbType, target.Value) = value?.GetValueKind() switch
        {
            JsonValueKind.True => (NpgsqlDbType.Boolean, true),
            JsonValueKind.False => (NpgsqlDbType.Boolean, false),
            JsonValueKind.Number => Number(value.ToJsonString()),
            JsonValueKind.String => (NpgsqlDbType.Unknown, value.GetValue<string>()),
            JsonValueKind.Object or JsonValueKind.Array => (NpgsqlDbType.Jsonb, value.ToJsonString()),
            _ => (NpgsqlDbType.Unknown, (object)DBNull.Value),
        };
    }

    public override void Prepare(DbCommand command) => ((NpgsqlCommand)command).AllResultTypesAreUnknown = true;

    public override async Task<JsonNode?> ReadAsync(
        DbDataReader reader,
        int column,
        int maxLength,
        CancellationToken stop
    )
    {
        if (await reader.IsDBNullAsync(column, stop))
        {
            return null;
        }

        var (text, cut) = await TextAsync((NpgsqlDataReader)reader, column, maxLength, stop);
        if (cut)
        {
            return text;
        }

        return reader.GetDataTypeName(column) switch
        {
            "boolean" => text == "t",
            "smallint" or "integer" or "bigint" or "numeric" or "real" or "double precision" or "oid" => JsonNumber(
                text
            ),
            "json" or "jsonb" => Json(text),
            _ => text,
        };
    }

    public override string ClassOf(DbException error) =>
        error switch
        {
            PostgresException { SqlState: PostgresErrorCodes.QueryCanceled } => "timeout",
            PostgresException { SqlState: { } state, IsTransient: true } => state[..2] switch
            {
                "08" or "57" => "network",
                "53" => "resources",
                _ => "temporary",
            },
            PostgresException { SqlState: { } state }
                when state.StartsWith("57P", StringComparison.Ordinal)
                    || state.StartsWith("08", StringComparison.Ordinal) => "network",
            PostgresException => "invalid",
            { IsTransient: true } or { InnerException: IOException or SocketException or TimeoutException } =>
                "network",
            // Ours to blame, and nothing of the statement's: a driver that wants a password, for one.
            _ => "error",
        };

    private static (NpgsqlDbType, object) Number(string text)
    {
        if (long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole))
        {
            return whole is >= int.MinValue and <= int.MaxValue
                ? (NpgsqlDbType.Integer, (int)whole)
                : (NpgsqlDbType.Bigint, whole);
        }

        return decimal.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number)
            ? (NpgsqlDbType.Numeric, number)
            : (NpgsqlDbType.Double, double.Parse(text, NumberStyles.Float, CultureInfo.InvariantCulture));
    }

    private static async Task<(string Text, bool Cut)> TextAsync(
        NpgsqlDataReader reader,
        int column,
        int maxLength,
        CancellationToken stop
    )
    {
        using var stream = await reader.GetTextReaderAsync(column, stop);
        var buffer = new char[Math.Min(maxLength, 4096) + 1];
        var text = new StringBuilder();
        while (text.Length <= maxLength && await stream.ReadAsync(buffer, stop) is > 0 and var read)
        {
            text.Append(buffer, 0, read);
        }

        return text.Length > maxLength ? (text.ToString(0, maxLength), true) : (text.ToString(), false);
    }

    // NaN and infinities are texts; all else that PostgreSQL prints for a number is a number of JSON.
    private static JsonNode? JsonNumber(string text)
    {
        try
        {
            return JsonNode.Parse(text);
        }
        catch (JsonException)
        {
            return text;
        }
    }

    private static JsonNode? Json(string text)
    {
        try
        {
            return Execution.TaskJson.Parse(text);
        }
        catch (JsonException)
        {
            // Deeper than ours may be, or with a key twice, which json allows.
            return text;
        }
    }
}
