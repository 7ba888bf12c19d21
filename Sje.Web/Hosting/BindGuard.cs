using Sje.Jobs.Storage;
using Sje.Web.Failures;

namespace Sje.Web.Hosting;

/// <summary>Refuses to open the server to a network while nothing could tell friend from stranger.</summary>
internal static class BindGuard
{
    /// <summary>Other than loopback is bound only where a key exists, or everybody is let in on purpose.</summary>
    /// <exception cref="FailureException">Neither is the case.</exception>
    public static async Task CheckAsync(
        IServiceProvider services,
        IEnumerable<string> urls,
        bool allowAnonymous,
        CancellationToken stop
    )
    {
        if (allowAnonymous || urls.FirstOrDefault(url => !ListenAddresses.IsLoopback(url)) is not { } open)
        {
            return;
        }

        var keys = await services.GetRequiredService<KeyStore>().ListAsync(stop);
        if (keys.All(key => key.RevokedAt is not null))
        {
            throw new FailureException(
                $"{open} can be reached from other machines, and there is no key: make one with 'sje keys create NAME --role admin', "
                    + "or let everybody in with --auth:allowAnonymous=true."
            );
        }
    }
}
