using System.Globalization;
using Hangfire.Storage;
using Microsoft.Extensions.Logging;
using Npgsql;
using Sje.Jobs.Faults;
using Sje.Jobs.Queueing;
using static Sje.Jobs.Queueing.BatchBuilder;

namespace Sje.Jobs.Background;

/// <summary>
/// A distributed lock of Hangfire's as a session advisory lock (PostgreSQL manual, section 13.3.5). Hangfire.PostgreSql's own locks are rows:
/// one whose holder was killed stays for minutes. This one goes with its connection, and a holder that stands still is cut off.
/// </summary>
internal sealed partial class AdvisoryLock : IDisposable
{
    /// <summary>
    /// Many times what a state change takes; a stopped holder must not keep others waiting for long. One who wakes without it is still
    /// behind the fence of <see cref="StateChangeHook"/>.
    /// </summary>
    private const string LongestHold = "10s";

    private readonly NpgsqlConnection connection;
    private readonly string resource;
    private readonly ILogger log;

    private AdvisoryLock(NpgsqlConnection connection, string resource, ILogger log) =>
        (this.connection, this.resource, this.log) = (connection, resource, log);

    /// <summary>Waits for the lock.</summary>
    /// <exception cref="DistributedLockTimeoutException">It was not to be had within <paramref name="timeout"/>.</exception>
    public static AdvisoryLock Take(NpgsqlDataSource locks, string resource, TimeSpan timeout, ILogger log)
    {
        // lock_timeout 0 means no limit to PostgreSQL, the opposite of what zero means here.
        var milliseconds = Math.Clamp(timeout.TotalMilliseconds, 1, int.MaxValue);
        var connection = locks.OpenConnection();
        try
        {
            using var batch = new NpgsqlBatch(connection)
            {
                Timeout = (int)Math.Min(int.MaxValue / 2000, (milliseconds / 1000) + 10),
            };
            batch
                .Add(
                    "select set_config('lock_timeout', $1, false)",
                    P(milliseconds.ToString("0", CultureInfo.InvariantCulture))
                )
                .Add("select pg_advisory_lock(hashtextextended($1, 7))", P(resource))
                .Add(
                    "select set_config('lock_timeout', '0', false), set_config('idle_session_timeout', $1, false)",
                    P(LongestHold)
                );
            batch.ExecuteNonQuery();
            FaultPoint.At(FaultPoint.LockHeld);
            return new AdvisoryLock(connection, resource, log);
        }
        catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.LockNotAvailable)
        {
            connection.Dispose();
            throw new DistributedLockTimeoutException(resource);
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>Lets the lock go. Never throws: whatever was done under it is done.</summary>
    public void Dispose()
    {
        try
        {
            using var batch = new NpgsqlBatch(connection);
            batch
                .Add("select pg_advisory_unlock(hashtextextended($1, 7))", P(resource))
                .Add("select set_config('idle_session_timeout', '0', false)");
            batch.ExecuteNonQuery();
        }
        catch (Exception e) when (e is NpgsqlException or InvalidOperationException or TimeoutException)
        {
            // The server frees the lock with the session; a session whose state is unknown must not go back to the pool.
            LogUnlockFailed(log, resource, e.Message);
            NpgsqlConnection.ClearPool(connection);
        }
        finally
        {
            connection.Dispose();
        }
    }

    [LoggerMessage(300, LogLevel.Warning, "Lock {Resource} went with its connection: {Reason}")]
    private static partial void LogUnlockFailed(ILogger logger, string resource, string reason);
}
