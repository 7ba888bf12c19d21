using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Sje.Core.Jobs;
using Sje.Core.Security;
using Sje.Jobs.Queueing;
using Sje.Jobs.Storage;
using Sje.Web.Api.Problems;

namespace Sje.Web.Api;

/// <summary>A submission that is ready for the intake, or why it is not.</summary>
internal sealed record PreparedSubmission(Submission? Submission, Refusal? Refusal);

/// <summary>Makes submissions of jobs: binds parameters, tells who submits, and hashes what an idempotency key is bound to.</summary>
internal static class JobSubmission
{
    public const int MaxKeyLength = 200;

    /// <summary>A job from a request, with the values that stand in it.</summary>
    public static PreparedSubmission OfText(JobReadResult read, Caller caller, string? idempotencyKey) =>
        read.Spec switch
        {
            { Schedule: null } job => Prepare(job, [], caller, idempotencyKey, "api"),
            { } job => new PreparedSubmission(
                null,
                Refusal.Invalid([
                    read.InFile(
                        new Fault(
                            "/schedule",
                            $"A schedule belongs to a saved job: save it with PUT /api/v1/jobs/{Uri.EscapeDataString(job.Name)} (sje jobs save), "
                                + "or leave it out to run once.",
                            FaultCodes.Conflict
                        )
                    ),
                ])
            ),
            null => new PreparedSubmission(null, Refusal.Of(read.Failure, read.Faults)),
        };

    /// <summary>A saved job with values given to it.</summary>
    public static PreparedSubmission OfSaved(
        SavedJob saved,
        JobReadResult read,
        JsonObject? values,
        Caller caller,
        string? idempotencyKey
    )
    {
        if (read.Spec is not { } job)
        {
            // It was right when it was saved; a type that this server no longer knows is the likely reason.
            return new PreparedSubmission(null, Refusal.Of(read.Failure, read.Faults));
        }

        var prepared = Prepare(job, values ?? [], caller, idempotencyKey, "api");
        return prepared with
        {
            Submission = prepared.Submission is { } s ? s with { JobId = saved.Id, JobVersion = saved.Version } : null,
        };
    }

    /// <summary>An execution once more, with some values changed.</summary>
    public static PreparedSubmission OfRerun(
        ExecutionSummary execution,
        ExecutionText text,
        JobReadResult read,
        JsonObject? values,
        Caller caller
    )
    {
        if (read.Spec is not { } job)
        {
            return new PreparedSubmission(null, Refusal.Of(read.Failure, read.Faults));
        }

        var all = ExecutionViews.Copy(text.Parameters) ?? [];
        foreach (var (name, value) in values ?? [])
        {
            all[name] = value?.DeepClone();
        }

        var prepared = Prepare(job with { Label = execution.Label }, all, caller, null, "rerun");
        return prepared with
        {
            Submission = prepared.Submission is { } s
                ? s with
                {
                    RerunOf = execution.Id,
                    JobId = execution.JobId,
                    JobVersion = execution.JobVersion,
                    Tenant = execution.Tenant,
                }
                : null,
        };
    }

    /// <summary>What is wrong with an idempotency key; null when nothing is.</summary>
    public static string? WrongKey(string? key) =>
        key is null ? null
        : key.Length is 0 or > MaxKeyLength ? $"An idempotency key has 1 to {MaxKeyLength} characters."
        : key.Any(char.IsControl) ? "An idempotency key has no control characters."
        : null;

    /// <summary>
    /// What an idempotency key is bound to: what is to run, and its values. Of what the request means, not of its bytes: a client that writes
    /// its JSON in another order repeats the same request.
    /// </summary>
    public static byte[] HashOf(string what, JsonObject values) =>
        SHA256.HashData(Encoding.UTF8.GetBytes($"{what}\n{values.ToJsonString()}"));

    private static PreparedSubmission Prepare(
        JobSpec job,
        JsonObject values,
        Caller caller,
        string? key,
        string trigger
    )
    {
        var bound = ParameterBinder.Bind(job, values);
        if (bound.Faults.Count > 0)
        {
            return new PreparedSubmission(null, Refusal.Invalid(bound.Faults));
        }

        var submission = new Submission
        {
            Job = job,
            Parameters = bound.Values,
            IdempotencyKey = key,
            BodyHash = key is null ? null : HashOf(job.Canonical.ToJsonString(), bound.Values),
            Tenant = caller.Tenant,
            AcceptedBy = caller.Name,
            Trigger = trigger,
        };
        return new PreparedSubmission(submission, null);
    }
}
