using System.Net;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Options;

namespace Sje.Web.Api.Auth;

/// <summary>
/// Decides whether a request needs a key. The addresses that the server listens on count, not the one that a request came in by: a
/// proxy on this machine would make every stranger's request a local one.
/// </summary>
internal sealed class AnonymousAccess(IServer server, IOptions<AuthOptions> options)
{
    /// <summary>Whether configuration lets everybody in.</summary>
    public bool IsOpenToEverybody => options.Value.AllowAnonymous;

    /// <summary>Whether nobody beyond this machine can connect.</summary>
    public bool IsLoopbackOnly => Addresses.All(IsLoopback);

    public bool IsAllowed => IsOpenToEverybody || IsLoopbackOnly;

    public IReadOnlyCollection<string> Addresses =>
        [.. server.Features.Get<IServerAddressesFeature>()?.Addresses ?? []];

    /// <summary>Whether a host name can only mean this machine.</summary>
    public static bool IsLoopbackHost(string host) =>
        host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
        || host.EndsWith(".localhost", StringComparison.OrdinalIgnoreCase)
        || (IPAddress.TryParse(host.Trim('[', ']'), out var address) && IPAddress.IsLoopback(address));

    private static bool IsLoopback(string address)
    {
        var binding = BindingAddress.Parse(address);
        return binding.IsUnixPipe || binding.IsNamedPipe || IsLoopbackHost(binding.Host);
    }
}
