using System.Net.Sockets;
using Npgsql;

namespace Sje.Jobs.Queueing;

/// <summary>How a database that does not do what it is asked behaves.</summary>
internal enum Outage
{
    /// <summary>Nothing comes back. It may be alive and see others: whoever hears nothing must assume the worst.</summary>
    Silent,

    /// <summary>It refuses, or says that it starts or stops. Nobody else can be working with it either.</summary>
    Refusing,
}

/// <summary>Tells the two kinds of outage apart.</summary>
internal static class DatabaseOutage
{
    /// <summary>Classifies an error; null when the database answered and the error is about something else.</summary>
    public static Outage? Classify(Exception error) =>
        error switch
        {
            PostgresException p => p.SqlState
                is PostgresErrorCodes.AdminShutdown
                    or PostgresErrorCodes.CrashShutdown
                    or PostgresErrorCodes.CannotConnectNow
                ? Outage.Refusing
                : null,
            TimeoutException or OperationCanceledException => Outage.Silent,
            SocketException s => s.SocketErrorCode
                is SocketError.ConnectionRefused
                    or SocketError.ConnectionReset
                    or SocketError.Shutdown
                ? Outage.Refusing
                : Outage.Silent,
            EndOfStreamException => Outage.Refusing,
            { InnerException: { } inner } => Classify(inner),
            IOException or NpgsqlException => Outage.Silent,
            _ => null,
        };
}
