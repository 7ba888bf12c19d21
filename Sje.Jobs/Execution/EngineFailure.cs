using System.Net.Sockets;
using Sje.Core.Jobs;

namespace Sje.Jobs.Execution;

/// <summary>What an exception that an engine let out means for its attempt.</summary>
internal static class EngineFailure
{
    /// <summary>The error to record.</summary>
    public static TaskError From(Exception exception)
    {
        var type = exception switch
        {
            OutOfMemoryException or InsufficientMemoryException => "out_of_memory",
            TimeoutException => "timeout",
            HttpRequestException or SocketException => "network",
            IOException { InnerException: SocketException } => "network",
            TemplateException => "invalid",
            _ => "error",
        };
        return new TaskError(
            type,
            $"{exception.GetType().Name}: {exception.Message}",
            Exception: exception.GetType().FullName
        );
    }
}
