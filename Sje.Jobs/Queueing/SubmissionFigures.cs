using Sje.Jobs.Observability;

namespace Sje.Jobs.Queueing;

/// <summary>Counts what became of submissions.</summary>
internal static class SubmissionFigures
{
    /// <summary>Counts answers, and what was accepted by type, priority and queue.</summary>
    public static void Count(IReadOnlyList<Submission> submissions, IReadOnlyList<IntakeResult?> results)
    {
        for (var i = 0; i < results.Count; i++)
        {
            CoreMetrics.Answered(
                results[i] switch
                {
                    SubmissionAccepted => "accepted",
                    Repeated => "repeated",
                    QueueFull => "queue_full",
                    KeyReused => "key_reused",
                    _ => "held_back",
                }
            );
            if (results[i] is not SubmissionAccepted)
            {
                continue;
            }

            var job = submissions[i].Job;
            CoreMetrics.CountSubmission(
                job.Tasks is [var only] ? only.Type : "workflow",
                job.Priority,
                submissions[i].Trigger
            );
            foreach (var task in job.Tasks)
            {
                CoreMetrics.TaskSubmitted(task.Type, task.Queue ?? job.Queue);
            }
        }
    }
}
