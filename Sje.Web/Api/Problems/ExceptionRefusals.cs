using System.Net.Sockets;
using Microsoft.AspNetCore.Diagnostics;
using Npgsql;

namespace Sje.Web.Api.Problems;

/// <summary>
/// Turns what was thrown into an answer. A database that is down is 503 and says so; whatever else is our mistake is 500, tells
/// nothing of our insides, and stands in the log under its trace id.
/// </summary>
internal sealed class ExceptionRefusals(ILogger<ExceptionRefusals> log) : IExceptionHandler
{
    private static readonly TimeSpan OutageRetry = TimeSpan.FromSeconds(5);

    public async ValueTask<bool> TryHandleAsync(
        HttpContext httpContext,
        Exception exception,
        CancellationToken cancellationToken
    )
    {
        if (httpContext.RequestAborted.IsCancellationRequested)
        {
            // Nobody is there to read an answer.
            return true;
        }

        await ToRefusal(httpContext, exception).ExecuteAsync(httpContext);
        return true;
    }

    private Refusal ToRefusal(HttpContext context, Exception exception)
    {
        if (exception is BadHttpRequestException bad)
        {
            return new Refusal(ProblemKind.OfStatus(bad.StatusCode), bad.Message);
        }

        if (IsOutage(exception))
        {
            // Known well enough: its first line tells all, and an outage has many requests.
            log.DatabaseUnavailable(
                context.Request.Method,
                context.Request.Path,
                exception.GetBaseException().Message.Split('\n')[0]
            );
            return new Refusal(
                ProblemKind.Unavailable,
                IsFull(exception)
                    ? "The disk of the database is full: make room there. Nothing that was accepted is lost; then try again."
                    : "The database cannot be reached or is starting. Nothing was lost; try again."
            )
            {
                RetryAfter = OutageRetry,
            };
        }

        log.RequestFailed(context.Request.Method, context.Request.Path, context.TraceIdentifier, exception);
        return new Refusal(
            ProblemKind.Internal,
            $"The server's log tells more under trace id {context.TraceIdentifier}."
        );
    }

    private static bool IsFull(Exception? exception)
    {
        for (; exception is not null; exception = exception.InnerException)
        {
            if (exception is PostgresException { SqlState: PostgresErrorCodes.DiskFull })
            {
                return true;
            }
        }

        return false;
    }

    // EF Core wraps; the database's own word is somewhere below.
    private static bool IsOutage(Exception? exception)
    {
        for (; exception is not null; exception = exception.InnerException)
        {
            switch (exception)
            {
                case PostgresException postgres:
                    return postgres.SqlState
                            is PostgresErrorCodes.AdminShutdown
                                or PostgresErrorCodes.CrashShutdown
                                or PostgresErrorCodes.CannotConnectNow
                                or PostgresErrorCodes.TooManyConnections
                                or PostgresErrorCodes.DiskFull
                                or PostgresErrorCodes.InvalidCatalogName
                        || postgres.SqlState.StartsWith("08", StringComparison.Ordinal);
                case NpgsqlException { IsTransient: true } or SocketException:
                    return true;
                case NpgsqlException { InnerException: IOException or SocketException or TimeoutException }:
                    return true;
            }
        }

        return false;
    }
}
