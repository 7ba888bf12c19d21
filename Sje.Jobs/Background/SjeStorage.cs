using Hangfire.PostgreSql;
using Hangfire.PostgreSql.Factories;
using Hangfire.Server;
using Hangfire.Storage;
using Microsoft.Extensions.Logging;
using Npgsql;
using Sje.Jobs.Storage;

namespace Sje.Jobs.Background;

/// <summary>Hangfire's PostgreSQL storage with our locks, our rows of servers and our pages of queues. Its connections have a pool of their own, beside ours and the locks'.</summary>
internal sealed class SjeStorage : PostgreSqlStorage
{
    private readonly Database database;
    private readonly ServerRows servers;
    private readonly QueuePages pages;
    private readonly ILogger log;

    private SjeStorage(
        Database database,
        ServerRows servers,
        QueuePages pages,
        IConnectionFactory factory,
        PostgreSqlStorageOptions options,
        ILogger log
    )
        : base(factory, options) =>
        (this.database, this.servers, this.pages, this.log) = (database, servers, pages, log);

    /// <summary>The storage on our database; the schema is the migrator's business.</summary>
    public static SjeStorage Open(Database database, ServerRows servers, QueuePages pages, ILogger<SjeStorage> log)
    {
        var settings = new NpgsqlConnectionStringBuilder(database.ConnectionString);
        settings.ApplicationName += "-hangfire";
        var options = new PostgreSqlStorageOptions { PrepareSchemaIfNecessary = false };
        return new SjeStorage(
            database,
            servers,
            pages,
            new NpgsqlConnectionFactory(settings.ConnectionString, options),
            options,
            log
        );
    }

    /// <inheritdoc/>
    public override IStorageConnection GetConnection() => new LockingConnection(this);

    /// <inheritdoc/>
    public override IMonitoringApi GetMonitoringApi() => new BackgroundMonitor(base.GetMonitoringApi(), pages);

    private sealed class LockingConnection(SjeStorage storage) : PostgreSqlConnection(storage)
    {
        // Hangfire would wait 15 minutes for a job's lock. The reconciler has others to look after and comes again.
        private static readonly TimeSpan ReconcilersPatience = TimeSpan.FromSeconds(2);

        public override IDisposable AcquireDistributedLock(string resource, TimeSpan timeout) =>
            CurrentClaim.Certain is { } task && resource == $"job:{task.HangfireJobId}:state-lock"
                ? NoLock.Instance
                : AdvisoryLock.Take(
                    storage.database.Locks,
                    resource,
                    CurrentClaim.Reconciled is null || timeout < ReconcilersPatience ? timeout : ReconcilersPatience,
                    storage.log
                );

        // What the claim says is enough for an attempt's own change, which makes it its condition.
        public override JobData GetJobData(string id) =>
            CurrentClaim.Certain is { } task && CurrentClaim.For(id) == task
                ? new JobData
                {
                    Job = TaskJob.Of(task),
                    State = task.BackgroundJobState,
                    CreatedAt = task.AcceptedAt.UtcDateTime,
                }
                : base.GetJobData(id);

        public override IWriteOnlyTransaction CreateWriteTransaction() =>
            CurrentClaim.Certain is { } task
                ? new AttemptTransition(storage, storage.database.Views, task)
                : base.CreateWriteTransaction();

        public override void AnnounceServer(string serverId, ServerContext context) =>
            storage.servers.Announce(serverId, context);

        public override void Heartbeat(string serverId)
        {
            if (!storage.servers.Beat(serverId))
            {
                base.Heartbeat(serverId);
            }
        }

        public override void RemoveServer(string serverId) => storage.servers.Leave(serverId);

        public override int RemoveTimedOutServers(TimeSpan timeOut) => storage.servers.RemoveTimedOut(timeOut);
    }

    private sealed class NoLock : IDisposable
    {
        public static readonly NoLock Instance = new();

        public void Dispose() { }
    }
}
