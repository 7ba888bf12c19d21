using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Sje.Jobs.Storage;

/// <summary>Registers the reading side of storage and the stores of definitions.</summary>
public static class StorageServices
{
    /// <summary>Adds them over a <see cref="Database"/>, which the caller registers.</summary>
    public static IServiceCollection AddSjeStorage(this IServiceCollection services)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddDbContextFactory<SjeContext>((provider, options) => options
            .UseNpgsql(provider.GetRequiredService<Database>().Main)
            .UseSnakeCaseNamingConvention());
        services.TryAddSingleton<JobStore>();
        services.TryAddSingleton<ExecutionReader>();
        services.TryAddSingleton<TaskReader>();
        services.TryAddSingleton<QueueReader>();
        services.TryAddSingleton<WorkerReader>();
        services.TryAddSingleton<LogReader>();
        services.TryAddSingleton<EventReader>();
        services.TryAddSingleton<WaitReasons>();
        services.TryAddSingleton<KeyStore>();
        return services;
    }
}
