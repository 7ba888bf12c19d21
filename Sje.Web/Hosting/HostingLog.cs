namespace Sje.Web.Hosting;

/// <summary>What hosting logs: event ids 900 to 999.</summary>
internal static partial class HostingLog
{
    [LoggerMessage(900, LogLevel.Information, "Making a PostgreSQL {Major} database in {Data} as user {User}")]
    public static partial void PostgresCreating(ILogger logger, int major, string data, string user);

    [LoggerMessage(901, LogLevel.Information, "PostgreSQL {Major} runs as process {ProcessId} on 127.0.0.1:{Port}, data in {Data}")]
    public static partial void PostgresStarted(ILogger logger, int major, int processId, int port, string data);

    [LoggerMessage(902, LogLevel.Information, "PostgreSQL runs already as process {ProcessId} on 127.0.0.1:{Port}: using it")]
    public static partial void PostgresAdopted(ILogger logger, int processId, int port);

    [LoggerMessage(903, LogLevel.Information, "PostgreSQL, process {ProcessId}, has stopped")]
    public static partial void PostgresStopped(ILogger logger, int processId);

    [LoggerMessage(904, LogLevel.Error, "PostgreSQL, process {ProcessId}, did not stop: {Reason}")]
    public static partial void PostgresDidNotStop(ILogger logger, int processId, string reason);

    [LoggerMessage(905, LogLevel.Warning, "{Count} children of a PostgreSQL that is gone kept on in {Data}: killed, before a new one starts")]
    public static partial void PostgresChildrenKilled(ILogger logger, int count, string data);

    [LoggerMessage(906, LogLevel.Warning, "PostgreSQL was down and was started again after {DurationMs} ms")]
    public static partial void PostgresRestarted(ILogger logger, long durationMs);

    [LoggerMessage(907, LogLevel.Error, "PostgreSQL is down and could not be started; trying again in {DelaySeconds} s")]
    public static partial void PostgresRestartFailed(ILogger logger, double delaySeconds, Exception reason);

    [LoggerMessage(910, LogLevel.Information, "Ready as {Role} at {Url}")]
    public static partial void Ready(ILogger logger, string role, string url);

    [LoggerMessage(911, LogLevel.Information, "Stopping: no new work is taken, what runs may end")]
    public static partial void Stopping(ILogger logger);

    [LoggerMessage(912, LogLevel.Information, "Brought the database to this version's schema: {Scripts}")]
    public static partial void Migrated(ILogger logger, string scripts);

    [LoggerMessage(913, LogLevel.Warning, "{Note}")]
    public static partial void ConfigurationNote(ILogger logger, string note);
}
