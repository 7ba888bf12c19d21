using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Sje.Jobs.Execution;

/// <summary>Removes, when a process starts, what killed workers of this machine left in the work root.</summary>
internal sealed class AttemptDirectorySweep(AttemptDirectories directories, IOptions<StorageOptions> storage)
    : BackgroundService
{
    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        // Beside the start, which must not wait for the removal of a terabyte of spilled data.
        Task.Run(() => directories.Sweep(storage.Value.FullRoot, stoppingToken), stoppingToken);
}
