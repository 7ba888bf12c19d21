using System.Data.Common;
using System.Text.Json.Nodes;
using Sje.Core.Jobs;

namespace Sje.Jobs.Engines.Sql;

/// <summary>
/// Runs a statement on a connection of the worker's configuration: <c>sql: {connection, statement, parameters}</c>, in one transaction. Inside the
/// worker: what works is the database. Values are bound, never written into the statement.
/// </summary>
internal sealed class SqlEngine(SqlConnections connections, TimeProvider clock) : IEngine
{
    public string Type => "sql";

    public EnginePlacement Placement => EnginePlacement.Worker;

    /// <inheritdoc/>
    public bool UsesFiles => false;

    public async Task<EngineResult> RunAsync(EngineContext context, CancellationToken stop)
    {
        SqlPool pool;
        SqlSettings settings;
        try
        {
            settings = SqlSettings.Read(context.Settings, context.Scope);
            pool = connections.Find(settings.Connection);
        }
        catch (Exception e) when (e is TemplateException or FormatException)
        {
            return Failed("invalid", e.Message);
        }

        var began = clock.GetTimestamp();
        try
        {
            var result = await pool.UseAsync(
                connection => ExecuteAsync(pool.Databases, connection, settings, stop),
                stop
            );
            Log($"{result.RowsAffected} rows changed, {result.RowCount} rows returned, in");
            return new EngineResult { Outputs = result.Outputs(), Preview = result.Preview() };
        }
        catch (DbException) when (stop.IsCancellationRequested)
        {
            throw new OperationCanceledException(stop);
        }
        catch (NotSupportedException e)
        {
            // COPY from and to the client, who is not there; a statement that commits. Both would go wrong every time.
            return Failed("invalid", $"{settings.Connection}: {e.Message}");
        }
        catch (DbException e)
        {
            var state = e.SqlState is { } code ? $" (SQLSTATE {code})" : "";
            var reason =
                e.SqlState is null && e.InnerException is { } inner ? $"{e.Message}: {inner.Message}" : e.Message;
            Log($"failed{state} after");
            return Failed(pool.Databases.ClassOf(e), $"{settings.Connection}: {reason}{state}");
        }

        void Log(string what) =>
            context.Reporter.Log(
                LogStream.System,
                $"{settings.Connection}: {what} {(long)clock.GetElapsedTime(began).TotalMilliseconds} ms"
            );
    }

    private static async Task<SqlResult> ExecuteAsync(
        SqlDatabases databases,
        DbConnection connection,
        SqlSettings settings,
        CancellationToken stop
    )
    {
        await using var transaction = await connection.BeginTransactionAsync(stop);
        await using var command = connection.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = settings.Statement;
        // The task's own limit counts (timeouts.run).
        command.CommandTimeout = 0;
        databases.Prepare(command);
        foreach (var (name, value) in settings.Parameters)
        {
            var parameter = command.CreateParameter();
            parameter.ParameterName = name;
            databases.Bind(parameter, value);
            command.Parameters.Add(parameter);
        }

        var result = await SqlResult.ReadAsync(databases, command, stop);
        // Once it is asked for, nobody can take a commit back.
        stop.ThrowIfCancellationRequested();
        try
        {
            await transaction.CommitAsync(CancellationToken.None);
        }
        catch (InvalidOperationException e)
        {
            throw new NotSupportedException(
                "The statement ends the transaction itself (commit or rollback). Leave that out: it is committed when it has run. What it committed so far stays.",
                e
            );
        }

        return result;
    }

    private static EngineResult Failed(string failure, string message) =>
        new() { Error = new TaskError(failure, message) };

    private sealed record SqlSettings(
        string Connection,
        string Statement,
        IReadOnlyList<KeyValuePair<string, JsonNode?>> Parameters
    )
    {
        public static SqlSettings Read(JsonObject settings, TemplateScope scope) =>
            new(
                Template.Render(Text(settings, "connection"), scope),
                Text(settings, "statement"),
                [
                    .. (settings["parameters"] as JsonObject ?? []).Select(parameter =>
                        KeyValuePair.Create(parameter.Key, Template.FillAll(parameter.Value, scope))
                    ),
                ]
            );

        private static string Text(JsonObject settings, string field) =>
            settings[field] is JsonValue value && value.TryGetValue<string>(out var text)
                ? text
                : throw new FormatException($"sql.{field} must be text.");
    }
}
