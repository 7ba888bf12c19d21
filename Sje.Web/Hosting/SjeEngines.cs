using Sje.Core.Jobs;
using Sje.Jobs.Execution;

namespace Sje.Web.Hosting;

/// <summary>The engines and task types that are built in: the one list for servers, workers, their children and <c>sje run</c>.</summary>
internal static class SjeEngines
{
    /// <summary>What can be submitted, whether or not an engine for it runs here.</summary>
    public static TaskTypes Types() => new([new ProcessTaskType(), new SparkTaskType()]);

    /// <summary>The engines that run inside a child process, made without a container: a child needs none.</summary>
    public static IReadOnlyList<IEngine> ForChildren() => [];

    /// <summary>What runs attempts, with every engine.</summary>
    public static IServiceCollection AddTo(IServiceCollection services)
    {
        services.AddSjeExecution();
        foreach (var engine in ForChildren())
        {
            services.AddSingleton(engine);
        }

        return services;
    }
}
