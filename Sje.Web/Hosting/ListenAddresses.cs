using System.Net;
using System.Net.Sockets;
using Sje.Web.Failures;

namespace Sje.Web.Hosting;

/// <summary>The addresses the server is to listen on, looked at before anything is started for them.</summary>
internal static class ListenAddresses
{
    /// <summary>Whether only this machine can reach an address.</summary>
    public static bool IsLoopback(string url) =>
        HostOf(url) is var host
        && (
            host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
            || (IPAddress.TryParse(host, out var address) && IPAddress.IsLoopback(address))
        );

    /// <summary>Refuses a port that is taken, naming it and the option.</summary>
    /// <exception cref="FailureException">It is taken, or may not be bound.</exception>
    public static void RequireFree(IEnumerable<string> urls, SjeHome home)
    {
        foreach (var url in urls)
        {
            var host = HostOf(url);
            var port = PortOf(url);
            if (port == 0)
            {
                continue;
            }

            var address =
                host.Equals("localhost", StringComparison.OrdinalIgnoreCase) ? IPAddress.Loopback
                : IPAddress.TryParse(host, out var parsed) ? parsed
                : IPAddress.Any;
            try
            {
                using var listener = new TcpListener(address, port);
                listener.Start();
            }
            catch (SocketException taken)
            {
                throw Refused(url, port, taken.SocketErrorCode, home);
            }
        }
    }

    private static FailureException Refused(string url, int port, SocketError error, SjeHome home)
    {
        if (error == SocketError.AddressAlreadyInUse)
        {
            var ours = RunFile.ReadLive(home);
            return new FailureException(
                ours is not null && PortOf(ours.Url) == port
                    ? $"SJE runs here already: process {ours.ProcessId} at {ours.Url}."
                    : $"Port {port} ({url}) is taken by another program: stop it, or choose another with --urls http://127.0.0.1:{port + 1} (server:urls).",
                ExitCodes.Machine
            );
        }

        var why = error == SocketError.AccessDenied ? "ports below 1024 are root's" : error.ToString();
        return new FailureException(
            $"{url} cannot be listened on ({why}): choose another with --urls (server:urls).",
            ExitCodes.Machine
        );
    }

    private static string HostOf(string url)
    {
        var rest = url[(url.IndexOf("://", StringComparison.Ordinal) + 3)..];
        var end = rest.StartsWith('[') ? rest.IndexOf(']') + 1 : rest.IndexOfAny([':', '/']);
        return (end < 0 ? rest : rest[..end]).Trim('[', ']');
    }

    private static int PortOf(string url)
    {
        var plain = url.Replace("://*", "://any", StringComparison.Ordinal)
            .Replace("://+", "://any", StringComparison.Ordinal);
        return new Uri(plain).Port;
    }
}
