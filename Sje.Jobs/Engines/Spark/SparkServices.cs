using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Sje.Core.Jobs;
using Sje.Jobs.Engines.Spark.Configuration;
using Sje.Jobs.Engines.Spark.Planning;
using Sje.Jobs.Engines.Spark.Store;
using Sje.Jobs.Engines.Spark.Submit;
using Sje.Jobs.Storage;

namespace Sje.Jobs.Engines.Spark;

/// <summary>Adds the Spark engine.</summary>
internal static class SparkServices
{
    /// <summary>The engine, for workers and for runs without a server.</summary>
    public static IServiceCollection AddSparkEngine(this IServiceCollection services)
    {
        services
            .AddOptions<SparkOptions>()
            .Configure<IConfiguration>((spark, settings) => settings.GetSection(SparkOptions.Section).Bind(spark))
            .ValidateOnStart();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<SparkOptions>, SparkOptionsValidator>());
        services.TryAddSingleton<SparkHttp>();
        services.TryAddSingleton<SparkInstallations>();
        services.TryAddSingleton<SparkPlanner>();
        services.TryAddSingleton<SparkClusters>();
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

    /// <summary>What a worker does beside running attempts.</summary>
    public static IServiceCollection AddSparkSweep(this IServiceCollection services)
    {
        services.TryAddSingleton(p => new SparkStore(p.GetRequiredService<Database>()));
        return services.AddHostedService<SparkSweep>();
    }
}
