using Npgsql;
using Sje.Jobs.Storage;

namespace Sje.Web.Api.Auth;

/// <summary>Says at start, loudly, what the addresses and settings mean for who gets in.</summary>
internal sealed class AccessNotice(AnonymousAccess anonymous, KeyStore keys, ILogger<AccessNotice> log)
    : IHostedLifecycleService
{
    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public async Task StartedAsync(CancellationToken cancellationToken)
    {
        if (anonymous.IsLoopbackOnly)
        {
            return;
        }

        var addresses = string.Join(", ", anonymous.Addresses);
        if (anonymous.IsOpenToEverybody)
        {
            log.OpenToEverybody(addresses);
            return;
        }

        try
        {
            if ((await keys.ListAsync(cancellationToken)).All(key => key.RevokedAt is not null))
            {
                log.NoKeysYet(addresses);
            }
        }
        catch (Exception failure) when (failure is NpgsqlException || failure.InnerException is NpgsqlException)
        {
            // Only the notice is lost: requests find out for themselves.
            log.KeysNotCounted(failure);
        }
    }

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
