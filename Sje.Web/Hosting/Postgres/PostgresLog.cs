namespace Sje.Web.Hosting.Postgres;

/// <summary>What is logged of the embedded PostgreSQL: event ids 900 to 909.</summary>
internal static partial class PostgresLog
{
    [LoggerMessage(900, LogLevel.Information, "Making a PostgreSQL {Major} database in {Data} as user {User}")]
    public static partial void Creating(ILogger logger, int major, string data, string user);

    [LoggerMessage(
        901,
        LogLevel.Information,
        "PostgreSQL {Major} runs as process {ProcessId} on 127.0.0.1:{Port}, data in {Data}"
    )]
    public static partial void Started(ILogger logger, int major, int processId, int port, string data);

    [LoggerMessage(
        902,
        LogLevel.Information,
        "PostgreSQL runs already as process {ProcessId} on 127.0.0.1:{Port}: using it"
    )]
    public static partial void Adopted(ILogger logger, int processId, int port);

    [LoggerMessage(903, LogLevel.Information, "PostgreSQL, process {ProcessId}, has stopped")]
    public static partial void Stopped(ILogger logger, int processId);

    [LoggerMessage(904, LogLevel.Error, "PostgreSQL, process {ProcessId}, did not stop: {Reason}")]
    public static partial void DidNotStop(ILogger logger, int processId, string reason);

    [LoggerMessage(
        905,
        LogLevel.Warning,
        "{Count} children of a PostgreSQL that is gone kept on in {Data}: killed, before a new one starts"
    )]
    public static partial void ChildrenKilled(ILogger logger, int count, string data);

    [LoggerMessage(906, LogLevel.Warning, "PostgreSQL was down and was started again after {DurationMs} ms")]
    public static partial void Restarted(ILogger logger, long durationMs);

    [LoggerMessage(
        907,
        LogLevel.Error,
        "PostgreSQL is down and could not be started; trying again in {DelaySeconds} s"
    )]
    public static partial void RestartFailed(ILogger logger, double delaySeconds, Exception reason);
}
