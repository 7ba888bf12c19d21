using System.Data;
using System.Data.Common;

namespace Sje.Jobs.Engines.Sql;

/// <summary>
/// The connections of this worker to one database. Whoever finds none free waits: the driver would give up after some seconds, and a
/// mass of tasks would use up its attempts on each other.
/// </summary>
internal sealed class SqlPool : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

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
            return await LendAsync(work, stop);
        }
        finally
        {
            room.Release();
        }
    }

    private async Task<T> LendAsync<T>(Func<DbConnection, Task<T>> work, CancellationToken stop)
    {
        int? left = null;
        try
        {
            await using var connection = await source.OpenConnectionAsync(stop);
            var session = Databases.SessionOf(connection);
            try
            {
                return await work(connection);
            }
            catch when (stop.IsCancellationRequested && connection.State != ConnectionState.Open)
            {
                // A cancel that reaches the server just before the statement does is lost; the driver then gives the connection up, and the
                // statement would run on.
                left = session;
                throw;
            }
        }
        catch when (left is not null)
        {
            await EndAsync(left.Value);
            throw;
        }
    }

    private async Task EndAsync(int session)
    {
        using var limit = new CancellationTokenSource(Patience);
        try
        {
            await using var connection = await source.OpenConnectionAsync(limit.Token);
            await Databases.EndAsync(connection, session, limit.Token);
        }
        catch (Exception e) when (e is DbException or OperationCanceledException)
        {
            // The database is gone or busy. The session ends when the server next writes to it.
        }
    }

    public async ValueTask DisposeAsync()
    {
        await source.DisposeAsync();
        room.Dispose();
    }
}
