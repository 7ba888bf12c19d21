using Sje.Core.Jobs;
using Sje.Core.Reliability;
using Sje.Jobs.Engines.Spark.Planning;
using Sje.Jobs.Engines.Spark.Store;
using Sje.Jobs.Engines.Spark.Submit;

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
    SparkSubmitter submitter,
    TimeProvider clock
) : IEngine
{
    public string Type => "spark";

    public EnginePlacement Placement => EnginePlacement.Worker;

    public async Task<EngineResult> RunAsync(EngineContext context, CancellationToken stop)
    {
        var result = await PlanAndRunAsync(context, stop);
        // Only who could not reach the cluster says otherwise: whatever an application dies of is its own.
        return result with { TargetAtFault = result.TargetAtFault ?? false };
    }

    private async Task<EngineResult> PlanAndRunAsync(EngineContext context, CancellationToken stop)
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

            var insight = new SparkInsight(
                application,
                context.Reporter,
                clusters.PagesOf(application.ClusterName),
                clock
            );
            if (application.DeployMode == "client")
            {
                var fault =
                    SparkSubmitter.Fault(application)
                    ?? await MasterReach.FaultAsync(application, clusters.Find(application.ClusterName), stop);
                if (fault is not null)
                {
                    return new EngineResult { Error = fault, TargetAtFault = !fault.Permanent };
                }

                try
                {
                    return await local.RunAsync(application, store, context, insight, stop);
                }
                finally
                {
                    SqlScripts.Remove(context.Identity.TaskId, number, context.StorageRoot);
                }
            }

            var cluster =
                clusters.Find(application.ClusterName)
                ?? throw new FormatException($"Cluster {application.ClusterName} has no cluster mode.");
            var patient = new PatientStore(store, context.Lease, clock);
            var run = new SparkRun(cluster, application, patient, context, insight, submitter, clock);
            try
            {
                return await run.RunAsync(open, stop);
            }
            finally
            {
                if (run.HasEnded)
                {
                    SqlScripts.Remove(context.Identity.TaskId, number, context.StorageRoot);
                }
            }
        }
        catch (Exception e) when (e is TemplateException or FormatException)
        {
            // Of an attempt that goes on with an earlier one's application the files have that one's number.
            SqlScripts.Remove(context.Identity.TaskId, context.Identity.Attempt, context.StorageRoot);
            return new EngineResult { Error = new TaskError(FailureClasses.Invalid, e.Message) };
        }
    }
}
