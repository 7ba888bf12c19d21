using Hangfire.PostgreSql;
using Hangfire.PostgreSql.Factories;
using Hangfire.Storage;
using Microsoft.Extensions.Logging;
using Npgsql;
using Sje.Jobs.Storage;

namespace Sje.Jobs.Background;

/// <summary>Hangfire's PostgreSQL storage with our locks. Its connections have a pool of their own, beside ours and the locks'.</summary>
internal sealed class SjeStorage : PostgreSqlStorage
{
    private readonly Database database;
    private readonly ILogger log;

    private SjeStorage(Database database, IConnectionFactory factory, PostgreSqlStorageOptions options, ILogger log)
        : base(factory, options) => (this.database, this.log) = (database, log);

    /// <summary>The storage on our database; the schema is the migrator's business.</summary>
    public static SjeStorage Open(Database database, ILogger<SjeStorage> log)
    {
        var settings = new NpgsqlConnectionStringBuilder(database.ConnectionString);
        settings.ApplicationName += "-hangfire";
        var options = new PostgreSqlStorageOptions { PrepareSchemaIfNecessary = false };
        return new SjeStorage(database, new NpgsqlConnectionFactory(settings.ConnectionString, options), options, log);
    }

    /// <inheritdoc/>
    public override IStorageConnection GetConnection() => new LockingConnection(this);

    private sealed class LockingConnection(SjeStorage storage) : PostgreSqlConnection(storage)
    {
        public override IDisposable AcquireDistributedLock(string resource, TimeSpan timeout) =>
            AdvisoryLock.Take(storage.database.Locks, resource, timeout, storage.log);
    }
}
