using Microsoft.Extensions.Logging;

namespace Sje.Jobs.Execution;

/// <summary>Log lines of this feature: events 500 to 599.</summary>
internal static partial class ExecutionLog
{
    [LoggerMessage(
        500,
        LogLevel.Warning,
        "The process table could not be read; memory limits are not watched until it can"
    )]
    public static partial void SampleFailed(ILogger logger, Exception exception);

    [LoggerMessage(
        501,
        LogLevel.Warning,
        "Standard output of session {SessionId} stayed open for {Seconds} s after everything of attempt {Attempt} of task {TaskId} had ended; the rest of it is lost"
    )]
    public static partial void OutputStayedOpen(
        ILogger logger,
        int sessionId,
        double seconds,
        int attempt,
        Guid taskId
    );

    [LoggerMessage(502, LogLevel.Warning, "Directory {Directory} of an ended attempt could not be removed")]
    public static partial void DirectoryStays(ILogger logger, string directory, Exception exception);

    [LoggerMessage(503, LogLevel.Information, "Removed what a worker that is gone had left in {Directory}")]
    public static partial void DirectorySwept(ILogger logger, string directory);

    [LoggerMessage(
        504,
        LogLevel.Error,
        "Engine {Engine} failed on attempt {Attempt} of task {TaskId} of execution {ExecutionId}"
    )]
    public static partial void EngineFailed(
        ILogger logger,
        string engine,
        int attempt,
        Guid taskId,
        Guid executionId,
        Exception exception
    );
}
