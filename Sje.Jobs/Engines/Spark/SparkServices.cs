using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Sje.Core.Jobs;
using Sje.Jobs.Engines.Spark.Configuration;
using Sje.Jobs.Engines.Spark.Following;
using Sje.Jobs.Engines.Spark.Planning;
using Sje.Jobs.Engines.Spark.Store;
using Sje.Jobs.Engines.Spark.Submit;
using Sje.Jobs.Execution;
using Sje.Jobs.Storage;

namespace Sje.Jobs.Engines.Spark;

/// <summary>Adds the Spark engine.</summary>
internal static class SparkServices
{
    /// <summary>The engine, for workers and for runs without a server.</summary>
    public static IServiceCollection AddSparkEngine(this IServiceCollection services)
    {
        AddClusters(services);
        services.TryAddSingleton<LocalDriver>();
        services.TryAddSingleton<SparkSubmitter>();
        services.TryAddSingleton<ISparkStore>(p =>
            p.GetService<Database>() is { } database
                ? new SparkStore(database)
                : new UnstoredApplications(p.GetRequiredService<TimeProvider>())
        );
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IEngine, SparkEngine>());
        return services;
    }

    /// <summary>
    /// What a server shows of Spark: applications, their pages, the clusters. Whether the clusters are well is asked for in the background.
    /// </summary>
    public static IServiceCollection AddSparkViews(this IServiceCollection services)
    {
        AddClusters(services);
        // The history server runs as tasks do; a worker has said where and how.
        BindOnce<ExecutionOptions>(services, ExecutionOptions.Section);
        BindOnce<StorageOptions>(services, StorageOptions.Section);
        services.TryAddSingleton<SparkReader>();
        services.TryAddSingleton<ResourceSampler>();
        services.TryAddSingleton<ChildProcess>();
        services.TryAddSingleton<AttemptDirectories>();
        services.TryAddSingleton<HistoryServers>();
        services.TryAddSingleton(p => new SparkPages(
            p.GetRequiredService<SparkClusters>(),
            p.GetRequiredService<SparkInstallations>(),
            p.GetRequiredService<HistoryServers>(),
            p.GetRequiredService<TimeProvider>(),
            p.GetRequiredService<ILogger<SparkPages>>()
        ));
        services.TryAddSingleton(p => new SparkClusterWatch(
            p.GetRequiredService<SparkPlanner>(),
            p.GetRequiredService<SparkClusters>(),
            p.GetRequiredService<IOptions<SparkOptions>>(),
            p.GetRequiredService<TimeProvider>(),
            p.GetRequiredService<ILogger<SparkClusterWatch>>()
        ));
        services.AddHostedService(p => p.GetRequiredService<SparkClusterWatch>());
        services.AddHostedService<SparkClusterGauges>();
        return services;
    }

    /// <summary>What a worker does beside running attempts.</summary>
    public static IServiceCollection AddSparkSweep(this IServiceCollection services)
    {
        services.TryAddSingleton(p => new SparkStore(p.GetRequiredService<Database>()));
        return services.AddHostedService<SparkSweep>();
    }

    // Once: what is bound twice has every list twice.
    private static void AddClusters(IServiceCollection services)
    {
        if (services.Any(service => service.ServiceType == typeof(SparkHttp)))
        {
            return;
        }

        services
            .AddOptions<SparkOptions>()
            .Configure<IConfiguration>((spark, settings) => settings.GetSection(SparkOptions.Section).Bind(spark))
            .ValidateOnStart();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<SparkOptions>, SparkOptionsValidator>());
        services.TryAddSingleton<SparkHttp>();
        services.TryAddSingleton<SparkInstallations>();
        services.TryAddSingleton<SparkPlanner>();
        services.TryAddSingleton<SparkClusters>();
    }

    private static void BindOnce<T>(IServiceCollection services, string section)
        where T : class
    {
        if (!services.Any(service => service.ServiceType == typeof(IConfigureOptions<T>)))
        {
            services.AddOptions<T>().BindConfiguration(section);
        }
    }
}
