using System.Text.Json.Nodes;
using Sje.Core.Jobs;
using Sje.Jobs.Queueing;

namespace Sje.Jobs.Scheduling;

/// <summary>A job that can be started, or why it cannot.</summary>
internal sealed record PreparedJob(
    Submission? Submission,
    IReadOnlyList<Fault> JobFaults,
    IReadOnlyList<Fault> ParameterFaults
)
{
    /// <summary>What is wrong, in a sentence.</summary>
    public string Error =>
        JobFaults.Count > 0 ? ScheduledJobs.Unreadable(JobFaults) : ScheduledJobs.Unfit(ParameterFaults);
}

/// <summary>Makes submissions of saved jobs for their schedules.</summary>
internal sealed class ScheduledJobs(JobReader reader)
{
    /// <summary>Says that a stored job cannot be read any more.</summary>
    public static string Unreadable(IReadOnlyList<Fault> faults) => "The job cannot be read any more: " + Words(faults);

    /// <summary>Says that parameters do not fit their job.</summary>
    public static string Unfit(IReadOnlyList<Fault> faults) => "The parameters do not fit the job: " + Words(faults);

    /// <summary>Reads the job and binds the parameters, those of <paramref name="over"/> before those of the schedule.</summary>
    public PreparedJob Prepare(ScheduleRow row, JsonObject? over = null)
    {
        // A stored job was read by the same reader before it was stored, so parsing it is safe. When it starts by itself is no part
        // of what it does: a zone that this machine does not know must not keep it from being started.
        var stored = JsonNode.Parse(row.JobSpec);
        stored?.AsObject().Remove("schedule");
        var read = reader.Read(stored, options: JobReadOptions.Stored);
        if (read.Spec is not { } job)
        {
            return new PreparedJob(null, read.Faults, []);
        }

        var given = row.Schedule.Parameters.DeepClone().AsObject();
        foreach (var (name, value) in over ?? [])
        {
            given[name] = value?.DeepClone();
        }

        var bound = ParameterBinder.Bind(job, given);
        return bound.Faults.Count > 0
            ? new PreparedJob(null, [], bound.Faults)
            : new PreparedJob(
                new Submission
                {
                    Job = job,
                    Parameters = bound.Values,
                    Tenant = row.Tenant,
                    JobId = row.JobId,
                    JobVersion = row.JobVersion,
                    ScheduleId = row.Schedule.Id,
                },
                [],
                []
            );
    }

    private static string Words(IReadOnlyList<Fault> faults) =>
        string.Join(" ", faults.Take(5).Select(fault => $"{fault.Pointer} {fault.Detail}".Trim()));
}
