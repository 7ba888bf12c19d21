using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Sje.Core.Reliability;
using Sje.Jobs.Background;
using Sje.Jobs.DeadLetters;
using Sje.Jobs.Engines;
using Sje.Jobs.Execution;
using Sje.Jobs.Maintenance;
using Sje.Jobs.Observability;
using Sje.Jobs.Operations;
using Sje.Jobs.Queueing;
using Sje.Jobs.Scheduling;
using Sje.Jobs.Storage;

namespace Sje.Jobs;

/// <summary>The moving parts, as a host adds them by role.</summary>
public static class SjeServices
{
    /// <summary>What every process has, whatever its role. Needs <see cref="Database"/> and bound <see cref="WorkerOptions"/>.</summary>
    public static IServiceCollection AddSjeCore(this IServiceCollection services)
    {
        services.TryAddSingleton(p => BuiltInEngines.Types(p.GetService<IConfiguration>()));
        services.TryAddSingleton(RetryPolicies.BuiltIn);
        services.AddSingleton(p =>
            StopTimes.Of(
                p.GetRequiredService<IOptions<WorkerOptions>>().Value,
                p.GetRequiredService<IOptions<ExecutionOptions>>().Value.StopGraceSeconds
            )
        );
        return services
            .AddSjeStorage()
            .AddSjeQueueing()
            .AddSjeDeadLetters()
            .AddSjeOperations()
            .AddSjeScheduling()
            .AddSjeBackground();
    }

    /// <summary>What a process has that runs tasks.</summary>
    public static IServiceCollection AddSjeWorker(this IServiceCollection services)
    {
        services.AddSjeExecution().AddSjeEngines().AddSjeEngineUpkeep();
        services.AddSingleton(p => new EngineOffer(p.GetRequiredService<EngineRegistry>().Types));
        services.AddSingleton<AttemptRunner>();
        services.AddSingleton<IAttemptRunner>(p => p.GetRequiredService<AttemptRunner>());
        return services.AddSjeWorkerFeed().AddSjeBackgroundWorker();
    }

    /// <summary>What a process has that serves: Hangfire's schedulers and upkeep, and ours of what has ended.</summary>
    public static IServiceCollection AddSjeServer(this IServiceCollection services) =>
        services.AddSjeBackgroundUpkeep().AddSjeMaintenance().AddHostedService<LoadGauges>();
}
