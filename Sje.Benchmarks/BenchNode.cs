using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Sje.Core.Jobs;
using Sje.Jobs;
using Sje.Jobs.Queueing;
using Sje.Jobs.Storage;

namespace Sje.Benchmarks;

/// <summary>A whole process of ours, queue core, Hangfire and a worker, whose one engine does nothing.</summary>
internal static class BenchNode
{
    public const int Slots = 20;

    public static async Task<IHost> StartAsync(
        string connectionString,
        NoopEngine engine,
        int slots = Slots,
        int directSlots = 200
    )
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Services.AddLogging(l => l.SetMinimumLevel(LogLevel.Error).AddSimpleConsole());
        builder.Services.AddSingleton(new Database(connectionString));
        builder.Services.Configure<WorkerOptions>(o => (o.Slots, o.DirectSlots) = (slots, directSlots));
        builder.Services.AddSjeCore();
        builder.Services.AddSjeWorker();
        builder.Services.AddSingleton<IEngine>(engine);
        var host = builder.Build();
        await host.StartAsync();
        return host;
    }
}

/// <summary>Does nothing, at once, and says when it began.</summary>
internal sealed class NoopEngine(TimeProvider clock) : IEngine
{
    public const string TypeName = "bench-noop";

    private int running;

    public string Type => TypeName;

    public EnginePlacement Placement => EnginePlacement.Worker;

    public bool UsesFiles => false;

    /// <summary>Called with the execution and the moment of its start.</summary>
    public Action<Guid, long>? Started { get; set; }

    /// <summary>What it does instead of nothing: it waits.</summary>
    public Task? Until { get; set; }

    /// <summary>How many it runs at this moment.</summary>
    public int Running => running;

    public async Task<EngineResult> RunAsync(EngineContext context, CancellationToken stop)
    {
        Started?.Invoke(context.Identity.ExecutionId, clock.GetTimestamp());
        if (Until is { } wait)
        {
            Interlocked.Increment(ref running);
            await wait.WaitAsync(stop);
            Interlocked.Decrement(ref running);
        }

        return new EngineResult();
    }
}
