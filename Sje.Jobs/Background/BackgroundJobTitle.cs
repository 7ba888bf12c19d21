using Hangfire.Common;
using Sje.Core.Jobs;

namespace Sje.Jobs.Background;

/// <summary>What a background job is called where people look.</summary>
public static class BackgroundJobTitle
{
    /// <summary>The title of an attempt's job.</summary>
    internal static string Of(AttemptIdentity attempt, bool singleTask) =>
        singleTask ? attempt.ExecutionName : $"{attempt.ExecutionName} / {attempt.TaskName}";

    /// <summary>The title of a task's job or of what a schedule starts, or what Hangfire would say.</summary>
    public static string Of(Job job)
    {
        ArgumentNullException.ThrowIfNull(job);
        return (job.Type == typeof(TaskJob) || job.Type == typeof(ScheduleJob)) && job.Args is [string title, ..]
            ? title
            : job.ToString();
    }
}
