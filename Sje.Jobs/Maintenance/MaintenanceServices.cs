using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace Sje.Jobs.Maintenance;

/// <summary>Registers the upkeep of what has ended.</summary>
public static class MaintenanceServices
{
    /// <summary>The parts, and the loop that runs them.</summary>
    public static IServiceCollection AddSjeMaintenance(this IServiceCollection services)
    {
        services.AddOptions<RetentionOptions>().BindConfiguration(RetentionOptions.Section);
        services.TryAddSingleton(MergePace.Default);
        services.TryAddSingleton<RetentionStatus>();
        services.TryAddSingleton<HistoryPartitions>();
        services.TryAddSingleton<LogMerging>();
        services.TryAddSingleton(p =>
            ActivatorUtilities.CreateInstance<HistoryRetention>(
                p,
                p.GetRequiredService<IOptions<RetentionOptions>>().Value
            )
        );
        services.TryAddSingleton<Upkeep>();
        services.AddHostedService(p => p.GetRequiredService<Upkeep>());
        return services;
    }
}
