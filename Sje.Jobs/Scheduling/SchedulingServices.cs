using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Sje.Core.Jobs;
using Sje.Jobs.Queueing;
using Sje.Jobs.Storage;

namespace Sje.Jobs.Scheduling;

/// <summary>Registers the schedules and what fires them, in every process. Needs storage, the queue core and <see cref="TaskTypes"/>.</summary>
public static class SchedulingServices
{
    /// <summary>Adds them.</summary>
    public static IServiceCollection AddSjeScheduling(this IServiceCollection services)
    {
        services.TryAddSingleton<JobReader>();
        services.AddSingleton<ScheduledJobs>();
        services.AddSingleton(p => new ScheduleStore(
            p.GetRequiredService<Database>(),
            p.GetRequiredService<JobStore>(),
            p.GetRequiredService<ScheduledJobs>(),
            p.GetRequiredService<ExecutionIntake>(),
            p.GetRequiredService<Signals>(),
            p.GetRequiredService<IScheduleClock>()
        ));
        services.AddSingleton<ScheduleFiring>();
        services.AddHostedService<ScheduleLoop>();
        return services;
    }
}
