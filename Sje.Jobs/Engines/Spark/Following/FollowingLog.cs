using Microsoft.Extensions.Logging;

namespace Sje.Jobs.Engines.Spark.Following;

/// <summary>Log lines of following Spark applications: events 1300 to 1399.</summary>
internal static partial class FollowingLog
{
    [LoggerMessage(1300, LogLevel.Information, "History server for the event logs in {Folder} answers on port {Port}")]
    public static partial void HistoryServerStarted(ILogger logger, string folder, int port);

    [LoggerMessage(
        1301,
        LogLevel.Information,
        "History server for the event logs in {Folder} on port {Port} has ended"
    )]
    public static partial void HistoryServerEnded(ILogger logger, string folder, int port);

    [LoggerMessage(1302, LogLevel.Warning, "History server for the event logs in {Folder} failed")]
    public static partial void HistoryServerFailed(ILogger logger, string folder, Exception exception);
}
