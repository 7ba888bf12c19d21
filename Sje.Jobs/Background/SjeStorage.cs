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
        (this.database, this.servers, this.pages, this.log, Views) = (
            database,
            servers,
            pages,
            log,
            new ViewWriter(database)
        );

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

    /// <summary>For our own connections.</summary>
    public Database Database => database;

    /// <summary>For what running attempts make of their jobs.</summary>
    public ViewWriter Views { get; }

    /// <inheritdoc/>
    public override IStorageConnection GetConnection() => new SjeConnection(this, servers, log);

    /// <inheritdoc/>
    public override IMonitoringApi GetMonitoringApi() => new BackgroundMonitor(base.GetMonitoringApi(), pages);
}

/// <summary>
/// A connection of Hangfire's with our locks, our servers, and our word on the recurring jobs that are schedules.
/// </summary>
internal sealed class SjeConnection(SjeStorage storage, ServerRows servers, ILogger log) : PostgreSqlConnection(storage)
{
    // Hangfire would wait 15 minutes for a job's lock. The reconciler has others to look after and comes again.
    private static readonly TimeSpan ReconcilersPatience = TimeSpan.FromSeconds(2);

    /// <inheritdoc/>
    public override IDisposable AcquireDistributedLock(string resource, TimeSpan timeout) =>
        CurrentClaim.Certain is { } task && resource == $"job:{task.HangfireJobId}:state-lock"
            ? NoLock.Instance
            : AdvisoryLock.Take(
                storage.Database.Locks,
                resource,
                CurrentClaim.Reconciled is null || timeout < ReconcilersPatience ? timeout : ReconcilersPatience,
                log
            );

    /// <inheritdoc/>
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

    /// <inheritdoc/>
    public override IWriteOnlyTransaction CreateWriteTransaction() =>
        CurrentClaim.Certain is { } task
            ? new AttemptTransition(storage, storage.Views, task)
            : new RecurringTransaction(storage, storage.Database, TimeProvider.System);

    /// <summary>A transaction of those who write recurring jobs as they are.</summary>
    public IWriteOnlyTransaction CreatePlainTransaction() => base.CreateWriteTransaction();

    /// <inheritdoc/>
    public override void AnnounceServer(string serverId, ServerContext context) => servers.Announce(serverId, context);

    /// <inheritdoc/>
    public override void Heartbeat(string serverId)
    {
        if (!servers.Beat(serverId))
        {
            base.Heartbeat(serverId);
        }
    }

    /// <inheritdoc/>
    public override void RemoveServer(string serverId) => servers.Leave(serverId);

    /// <inheritdoc/>
    public override int RemoveTimedOutServers(TimeSpan timeOut) => servers.RemoveTimedOut(timeOut);

    private sealed class NoLock : IDisposable
    {
        public static readonly NoLock Instance = new();

        public void Dispose() { }
    }
}
