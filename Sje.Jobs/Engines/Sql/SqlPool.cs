using System.Data.Common;

namespace Sje.Jobs.Engines.Sql;

/// <summary>
/// The connections of this worker to one database. Whoever finds none free waits: the driver would give up after some seconds, and a
/// mass of tasks would use up its attempts on each other.
/// </summary>
internal sealed class SqlPool : IAsyncDisposable
{
    private readonly DbDataSource source;
    private readonly SemaphoreSlim room;

    /// <summary>Opens no connection yet.</summary>
    public SqlPool(SqlDatabases databases, string connectionString)
    {
        Databases = databases;
        (source, var most) = databases.Open(connectionString);
        room = new SemaphoreSlim(most);
    }

    /// <summary>The kind of the database.</summary>
    public SqlDatabases Databases { get; }

    /// <summary>Lends a connection for as long as <paramref name="work"/> takes.</summary>
    /// <exception cref="DbException">The database cannot be reached.</exception>
    public async Task<T> UseAsync<T>(Func<DbConnection, Task<T>> work, CancellationToken stop)
    {
        await room.WaitAsync(stop);
        try
        {
            await using var connection = await source.OpenConnectionAsync(stop);
            return await work(connection);
        }
        finally
        {
            room.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await source.DisposeAsync();
        room.Dispose();
    }
}
