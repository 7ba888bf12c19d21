using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Sje.Jobs.Observability;
using Sje.Jobs.Storage;

namespace Sje.Jobs.Queueing;

/// <summary>Registers the queue core. Needs <see cref="Database"/>, and options of <see cref="WorkerOptions"/> bound by the host.</summary>
public static class QueueingServices
{
    /// <summary>What every process has: it may accept and change work, and it takes over from dead workers.</summary>
    public static IServiceCollection AddSjeQueueing(this IServiceCollection services)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton<SortableIds>();
        services.AddSingleton<Signals>();
        services.AddHostedService(p => p.GetRequiredService<Signals>());
        services.AddSingleton<Admission>();
        services.AddHostedService(p => p.GetRequiredService<Admission>());
        services.AddSingleton<ExecutionIntake>();
        services.AddSingleton<ExecutionControl>();
        services.AddSingleton<QueueControl>();
        services.AddSingleton<PauseControl>();
        services.AddSingleton<LimitControl>();
        services.AddSingleton<CircuitBreakers>();
        services.AddSingleton<AttemptLedger>();
        services.AddHostedService<Takeover>();
        services.AddHostedService<Deadlines>();
        return services;
    }

    /// <summary>What a worker has besides: its registration, its lease and its feed. Needs <see cref="EngineOffer"/>.</summary>
    public static IServiceCollection AddSjeWorkerFeed(this IServiceCollection services)
    {
        services.AddSingleton<TaskQueue>();
        services.AddSingleton<WorkerUsage>();
        services.AddSingleton<WorkerSession>();
        services.AddHostedService(p => p.GetRequiredService<WorkerSession>());
        services.AddHostedService(p => new WorkerGauges(() => p.GetRequiredService<WorkerSession>().Figures));
        services.AddSingleton<WorkerFeed>();
        services.AddHostedService(p => p.GetRequiredService<WorkerFeed>());
        services.AddHostedService<WorkerDrain>();
        return services;
    }
}
