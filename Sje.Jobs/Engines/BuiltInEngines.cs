using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Sje.Core.Jobs;
using Sje.Core.Pipelines;
using Sje.Jobs.Engines.Http;
using Sje.Jobs.Engines.Noop;
using Sje.Jobs.Engines.Pipeline;
using Sje.Jobs.Engines.Process;
using Sje.Jobs.Engines.Spark;
using Sje.Jobs.Engines.Spark.Configuration;
using Sje.Jobs.Engines.Sql;

namespace Sje.Jobs.Engines;

/// <summary>What is built in: the one list for servers, workers, their children and runs without a server.</summary>
public static class BuiltInEngines
{
    /// <summary>What can be submitted, whether or not an engine for it runs here: Spark's tasks wait for a worker that offers it.</summary>
    /// <param name="settings">The configuration, which says what Spark's default cluster is; null for a run without clusters.</param>
    public static TaskTypes Types(IConfiguration? settings = null) =>
        new([
            new PipelineTaskType(),
            new ProcessTaskType(),
            new HttpTaskType(),
            new SqlTaskType(),
            new SparkTaskType(settings?[$"{SparkOptions.Section}:{nameof(SparkOptions.DefaultCluster)}"]),
            new NoopTaskType(),
        ]);

    /// <summary>The engines that run inside a child process, made without a container: a child needs none.</summary>
    public static IReadOnlyList<IEngine> ForChildren() => [new PipelineEngine(TimeProvider.System)];

    /// <summary>Adds every engine.</summary>
    public static IServiceCollection AddSjeEngines(this IServiceCollection services)
    {
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IEngine, PipelineEngine>());
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IEngine, ProcessEngine>());
        services.TryAddSingleton<HttpConnections>();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IEngine, HttpEngine>());
        services
            .AddOptions<SqlOptions>()
            .Configure<IConfiguration>(
                (sql, settings) => settings.GetSection(ConnectionOptions.Section).Bind(sql.Connections)
            );
        services.TryAddSingleton<SqlConnections>();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IEngine, SqlEngine>());
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IEngine, NoopEngine>());
        return services.AddSparkEngine();
    }

    /// <summary>Adds what engines show on a server: Spark's applications, pages and clusters.</summary>
    public static IServiceCollection AddSjeEngineViews(this IServiceCollection services) => services.AddSparkViews();

    /// <summary>Adds what engines do on a worker beside running attempts.</summary>
    public static IServiceCollection AddSjeEngineUpkeep(this IServiceCollection services) => services.AddSparkSweep();
}
