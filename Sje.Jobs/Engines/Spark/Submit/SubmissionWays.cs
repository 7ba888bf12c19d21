using Sje.Core.Jobs;
using Sje.Core.Reliability;
using Sje.Jobs.Engines.Spark.Clusters;

namespace Sje.Jobs.Engines.Spark.Submit;

/// <summary>How an application is to be submitted, and why so.</summary>
/// <param name="Way">By the cluster's own interface, or by <c>spark-submit</c>.</param>
/// <param name="Why">For the log: why <c>spark-submit</c>; null for the cluster's own interface.</param>
/// <param name="Fault">Why it cannot be submitted that way from here; null where nothing is known against it.</param>
internal sealed record ChosenWay(SubmissionWay Way, string? Why, TaskError? Fault);

/// <summary>Chooses between a cluster's own interface and <c>spark-submit</c>.</summary>
internal static class SubmissionWays
{
    /// <summary>
    /// The job's word, else the cluster's own interface where that can do it. An identity that is stored already may go with one way only.
    /// </summary>
    public static ChosenWay Choose(ISparkCluster cluster, SparkApplication application, string? identity)
    {
        var whyNot = cluster.WhyNotRest(application);
        var bound = identity is null ? null : cluster.WayOf(identity);
        var way =
            bound
            ?? application.Way switch
            {
                SubmissionWay.Auto => whyNot is null ? SubmissionWay.Rest : SubmissionWay.SparkSubmit,
                var written => written,
            };
        if (way == SubmissionWay.SparkSubmit)
        {
            var why = application.Way == SubmissionWay.SparkSubmit ? "the job says so" : whyNot ?? "it was begun so";
            return new ChosenWay(way, why, SparkSubmitter.Fault(application));
        }

        return new ChosenWay(
            way,
            null,
            whyNot is null
                ? null
                : new TaskError(
                    FailureClasses.Invalid,
                    $"Cluster {application.ClusterName} cannot be sent the application without spark-submit: {whyNot}."
                        + (application.Way == SubmissionWay.Rest ? " The job says submit: rest." : "")
                )
        );
    }
}
