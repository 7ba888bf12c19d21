using Sje.Core.Jobs;
using Sje.Core.Reliability;
using Sje.Jobs.Engines.Spark.Planning;
using Sje.Jobs.Engines.Spark.Store;

namespace Sje.Jobs.Engines.Spark;

/// <summary>
/// Runs Spark applications. In cluster mode the application outlives the worker: an identity is stored before anything is sent, whoever comes
/// after a death asks the cluster for it and goes on, and it is sent again only when the cluster has proven that it never came. In client
/// mode, and on <c>local[...]</c>, the driver is a guarded child of the worker, dies with it and starts again.
/// </summary>
internal sealed class SparkEngine(
    SparkPlanner planner,
    SparkClusters clusters,
    ISparkStore store,
    LocalDriver local,
    SparkHttp http,
    TimeProvider clock
) : IEngine
{
    public string Type => "spark";

    public EnginePlacement Placement => EnginePlacement.Worker;

    public async Task<EngineResult> RunAsync(EngineContext context, CancellationToken stop)
    {
        try
        {
            var settings = SparkSettings.Read(context.Settings, context.Scope);
            var open = await store.FindOpenAsync(context.Identity, stop);
            var number = open?.Number ?? context.Identity.Attempt;
            settings = SqlScripts.Prepare(settings, context.Identity.TaskId, number, context.StorageRoot);
            var application = planner.Plan(settings, context.Identity, number, context.StorageRoot);
            if (open is not null && open.Cluster != application.ClusterName)
            {
                // The configuration has changed; what was submitted is still where it was.
                throw new FormatException(
                    $"Its application was submitted to cluster {open.Cluster}, and the job names {application.ClusterName} now."
                );
            }

            var insight = new SparkInsight(application, context.Reporter, http.Client, clock);
            if (application.DeployMode == "client")
            {
                return await local.RunAsync(application, context, insight, stop);
            }

            var cluster =
                clusters.Find(application.ClusterName)
                ?? throw new FormatException($"Cluster {application.ClusterName} has no cluster mode.");
            var patient = new PatientStore(store, context.Lease, clock);
            return await new SparkRun(cluster, application, patient, context, insight, clock).RunAsync(open, stop);
        }
        catch (Exception e) when (e is TemplateException or FormatException)
        {
            return new EngineResult { Error = new TaskError(FailureClasses.Invalid, e.Message) };
        }
    }
}
