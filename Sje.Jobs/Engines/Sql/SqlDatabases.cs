using System.Data.Common;
using System.Text.Json.Nodes;

namespace Sje.Jobs.Engines.Sql;

/// <summary>
/// One kind of database: its driver, and what the standard interface of drivers leaves open. Another kind is another class and a line in the table below.
/// </summary>
internal abstract class SqlDatabases
{
    private static readonly Dictionary<string, SqlDatabases> ByType = new(StringComparer.OrdinalIgnoreCase)
    {
        [PostgresDatabases.Name] = new PostgresDatabases(),
    };

    /// <summary>The kinds there are.</summary>
    public static IReadOnlyCollection<string> Types => ByType.Keys;

    /// <summary>A kind by its name in the configuration, or null.</summary>
    public static SqlDatabases? Find(string type) => ByType.GetValueOrDefault(type);

    /// <summary>What is wrong with a connection string, without repeating it, or null.</summary>
    public abstract string? Problem(string connectionString);

    /// <summary>A pool of connections, and how many it holds at most.</summary>
    public abstract (DbDataSource Source, int Most) Open(string connectionString);

    /// <summary>What the server calls the session of a connection, for <see cref="EndAsync"/>.</summary>
    public abstract int SessionOf(DbConnection connection);

    /// <summary>Ends a session of the same user that nobody listens to any more.</summary>
    public abstract Task EndAsync(DbConnection connection, int session, CancellationToken stop);

    /// <summary>Gives a parameter the type and value of a JSON value.</summary>
    public abstract void Bind(DbParameter parameter, JsonNode? value);

    /// <summary>Sets a command up so that <see cref="ReadAsync"/> can read its rows.</summary>
    public abstract void Prepare(DbCommand command);

    /// <summary>A column of the present row as JSON; columns are read in order, each once. A text is cut at <paramref name="maxLength"/>.</summary>
    public abstract Task<JsonNode?> ReadAsync(DbDataReader reader, int column, int maxLength, CancellationToken stop);

    /// <summary>The failure class: <c>network</c>, <c>timeout</c> or <c>error</c> where another try may go well, else <c>invalid</c>.</summary>
    public abstract string ClassOf(DbException error);
}
