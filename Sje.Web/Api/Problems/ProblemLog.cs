namespace Sje.Web.Api.Problems;

/// <summary>What is logged of requests that failed: event ids 800 and 801.</summary>
internal static partial class ProblemLog
{
    [LoggerMessage(800, LogLevel.Error, "{Method} {Path} failed (trace {TraceId}).")]
    public static partial void RequestFailed(
        this ILogger log,
        string method,
        string path,
        string traceId,
        Exception failure
    );

    [LoggerMessage(801, LogLevel.Warning, "{Method} {Path}: the database does not answer: {Reason}")]
    public static partial void DatabaseUnavailable(this ILogger log, string method, string path, string reason);
}
