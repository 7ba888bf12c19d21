using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Sje.Jobs.Engines.Spark.Following;
using Sje.Jobs.Execution;

namespace Sje.Tests.Integration.Engines.Spark.Following;

/// <summary>History servers put together by hand.</summary>
internal sealed class HistoryBench : IAsyncDisposable
{
    private readonly ResourceSampler sampler = new(TimeProvider.System, NullLogger<ResourceSampler>.Instance);

    public HistoryBench(string root, TimeSpan? idleLimit = null)
    {
        var execution = Options.Create(new ExecutionOptions());
        Servers = new HistoryServers(
            new ChildProcess(execution, sampler, TimeProvider.System, NullLogger<ChildProcess>.Instance),
            new AttemptDirectories(execution, NullLogger<AttemptDirectories>.Instance),
            execution,
            Options.Create(new StorageOptions { Root = root }),
            TimeProvider.System,
            NullLogger<HistoryServers>.Instance
        )
        {
            IdleLimit = idleLimit ?? TimeSpan.FromMinutes(10),
        };
    }

    public HistoryServers Servers { get; }

    public async ValueTask DisposeAsync()
    {
        await Servers.DisposeAsync();
        sampler.Dispose();
    }
}
