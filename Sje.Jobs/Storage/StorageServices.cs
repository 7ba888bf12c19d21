using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;

namespace Sje.Jobs.Storage;

/// <summary>Registers the reading side of storage and the stores of definitions.</summary>
public static class StorageServices
{
    /// <summary>Adds them over a <see cref="Database"/>, which the caller registers.</summary>
    public static IServiceCollection AddSjeStorage(this IServiceCollection services)
    {
        if (services.Any(service => service.ServiceType == typeof(JobStore)))
        {
            return services;
        }

        services.TryAddSingleton(TimeProvider.System);
        services.AddDbContextFactory<SjeContext>(
            (provider, options) =>
                options
                    .UseNpgsql(provider.GetRequiredService<Database>().Main)
                    .UseSnakeCaseNamingConvention()
                    // Whoever asked gets the exception and logs it, or knows what to make of it; EF's own lines would say it three times.
                    .ConfigureWarnings(warnings =>
                        warnings.Log(
                            (RelationalEventId.ConnectionError, LogLevel.Debug),
                            (RelationalEventId.CommandError, LogLevel.Debug),
                            (CoreEventId.QueryIterationFailed, LogLevel.Debug),
                            // Counting up to a limit needs no order.
                            (CoreEventId.RowLimitingOperationWithoutOrderByWarning, LogLevel.Debug),
                            (CoreEventId.SaveChangesFailed, LogLevel.Debug),
                            (CoreEventId.OptimisticConcurrencyException, LogLevel.Debug)
                        )
                    )
        );
        services.TryAddSingleton<IScheduleClock, DatabaseClock>();
        services.TryAddSingleton<JobStore>();
        services.TryAddSingleton<ExecutionReader>();
        services.TryAddSingleton<ExecutionFactReader>();
        services.TryAddSingleton<JobOutlookReader>();
        services.TryAddSingleton<TypicalDurationReader>();
        services.TryAddSingleton<ScheduleRunReader>();
        services.TryAddSingleton<ExecutionSeriesReader>();
        services.TryAddSingleton<TaskReader>();
        services.TryAddSingleton<RunGridReader>();
        services.TryAddSingleton<QueueReader>();
        services.TryAddSingleton<LimitReader>();
        services.TryAddSingleton<WorkerReader>();
        services.TryAddSingleton<LogReader>();
        services.TryAddSingleton<LogSearch>();
        services.TryAddSingleton<LogSummaries>();
        services.TryAddSingleton<EventReader>();
        services.TryAddSingleton<WaitReasons>();
        services.TryAddSingleton<KeyStore>();
        services.TryAddSingleton<LoadReader>();
        services.TryAddSingleton<CoreLoadReader>();
        services.TryAddSingleton<ProtectionKeys>();
        return services;
    }
}
