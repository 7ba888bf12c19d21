using Npgsql;

namespace Sje.Jobs.Storage;

/// <summary>
/// The one PostgreSQL behind everything, as five pools. Locks of Hangfire wait inside the server while they hold a connection, so they
/// have a pool of their own: sharing one starved the statements that would have let the holders go (COMPAT C13, "Locks"). Heartbeats have one
/// so that no lease lapses for want of a connection.
/// </summary>
public sealed class Database : IAsyncDisposable, IDisposable
{
    // The feed claims for one lane at a time, and groups of ends follow each other; tasks of graphs end one by one.
    private const int QueueConnections = 16;

    /// <summary>Opens the pools; no connection is made yet.</summary>
    /// <param name="connectionString">An Npgsql connection string; a pool size given there is kept.</param>
    /// <param name="applicationName">Shown in <c>pg_stat_activity</c>.</param>
    public Database(string connectionString, string applicationName = "sje")
    {
        var settings = new NpgsqlConnectionStringBuilder(connectionString);
        if (string.IsNullOrEmpty(settings.ApplicationName))
        {
            settings.ApplicationName = applicationName;
        }

        if (!connectionString.Contains("Pool Size", StringComparison.OrdinalIgnoreCase))
        {
            settings.MaxPoolSize = 60;
        }

        // Without an answer for this long the connection counts as broken; the lease code must know within one lease.
        if (!connectionString.Contains("Timeout", StringComparison.OrdinalIgnoreCase))
        {
            settings.Timeout = 5;
            settings.CommandTimeout = 30;
        }

        settings.IncludeErrorDetail = true;
        // The queue's statements are large and few, and their plans cost more than their runs: measured on a small database, planning took
        // 10 ms of a claim's 23, and compiling by JIT most of the rest. Prepared once per connection, and without the reset that would
        // be a statement of its own at every use.
        settings.NoResetOnClose = true;
        settings.MaxAutoPrepare = 128;
        settings.AutoPrepareMinUsages = 2;
        // A process that stands still inside a transaction would keep its rows from everybody, takeover among them, for as long as it does.
        settings.Options = string.Join(' ', settings.Options, "-c jit=off -c idle_in_transaction_session_timeout=10s")
            .Trim();
        ConnectionString = settings.ConnectionString;
        Main = NpgsqlDataSource.Create(settings.ConnectionString);

        // Claims and ends of attempts walk indexes from a few rows to a few rows, whatever the tables hold and whatever was known of them when
        // the plan was made: nothing is to be gained by planning again, and a plan made for an empty table must not be one that reads all.
        var queue = new NpgsqlConnectionStringBuilder(settings.ConnectionString)
        {
            MaxPoolSize = Math.Min(settings.MaxPoolSize, QueueConnections),
            ApplicationName = settings.ApplicationName + "-queue",
        };
        queue.Options +=
            " -c plan_cache_mode=force_generic_plan -c enable_seqscan=off -c enable_hashjoin=off -c enable_mergejoin=off -c enable_bitmapscan=off";
        Queue = NpgsqlDataSource.Create(queue.ConnectionString);

        // What Hangfire shows follows our tables, and a row that it has not followed yet is flagged: a change of that view which a crash of
        // the database takes away is made again, so it need not wait for the disk.
        settings.ApplicationName += "-views";
        settings.Options += " -c synchronous_commit=off";
        Views = NpgsqlDataSource.Create(settings.ConnectionString);

        settings.ConnectionString = ConnectionString;

        // After an outage a hundred tasks may write their end at once: a heartbeat that queued behind them would come too late.
        var heartbeats = new NpgsqlConnectionStringBuilder(settings.ConnectionString) { MaxPoolSize = 2 };
        heartbeats.ApplicationName += "-heartbeat";
        Heartbeats = NpgsqlDataSource.Create(heartbeats.ConnectionString);

        // A session lock or a time limit left over from a failure must not reach the next user of the connection.
        settings.NoResetOnClose = false;
        settings.MaxAutoPrepare = 0;
        settings.ApplicationName += "-locks";
        Locks = NpgsqlDataSource.Create(settings.ConnectionString);
    }

    /// <summary>The connection string in force, password included: never log it.</summary>
    public string ConnectionString { get; }

    /// <summary>For every statement of ours, and Hangfire's.</summary>
    public NpgsqlDataSource Main { get; }

    /// <summary>For claims and ends of attempts only: its sessions plan once, and always by index.</summary>
    public NpgsqlDataSource Queue { get; }

    /// <summary>For attempts' changes of Hangfire's view; they are not durable at once.</summary>
    public NpgsqlDataSource Views { get; }

    /// <summary>For the heartbeat of this process as a worker only.</summary>
    public NpgsqlDataSource Heartbeats { get; }

    /// <summary>For session advisory locks only.</summary>
    public NpgsqlDataSource Locks { get; }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await Main.DisposeAsync();
        await Queue.DisposeAsync();
        await Views.DisposeAsync();
        await Locks.DisposeAsync();
        await Heartbeats.DisposeAsync();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Main.Dispose();
        Queue.Dispose();
        Views.Dispose();
        Locks.Dispose();
        Heartbeats.Dispose();
    }
}
