using System.Collections.Concurrent;
using Microsoft.Extensions.Options;

namespace Sje.Jobs.Engines.Sql;

/// <summary>The pools of this worker, one for each connection that a task has named so far.</summary>
internal sealed class SqlConnections(IOptions<SqlOptions> options) : IAsyncDisposable
{
    private readonly ConcurrentDictionary<string, Lazy<SqlPool>> pools = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>The pool of a connection.</summary>
    /// <exception cref="FormatException">There is none of that name here, or its settings are wrong.</exception>
    public SqlPool Find(string name)
    {
        if (!options.Value.Connections.TryGetValue(name, out var connection))
        {
            var known = options.Value.Connections.Keys.Order(StringComparer.OrdinalIgnoreCase).ToList();
            throw new FormatException(
                $"This worker has no connection '{name}': "
                    + (
                        known.Count == 0
                            ? "its configuration has none (section 'connections')."
                            : $"those of its configuration are {string.Join(", ", known)}."
                    )
            );
        }

        return pools.GetOrAdd(name, _ => new Lazy<SqlPool>(() => Open(name, connection))).Value;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var pool in pools.Values.Where(pool => pool.IsValueCreated))
        {
            await pool.Value.DisposeAsync();
        }
    }

    private static SqlPool Open(string name, ConnectionOptions connection)
    {
        var databases =
            SqlDatabases.Find(connection.Type)
            ?? throw new FormatException($"Connection '{name}' is of type '{connection.Type}', which there is not.");
        return databases.Problem(connection.ConnectionString) is { } problem
            ? throw new FormatException($"Connection '{name}': {problem}.")
            : new SqlPool(databases, connection.ConnectionString);
    }
}
