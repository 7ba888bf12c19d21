using System.Text.Json.Nodes;
using Sje.Core.Jobs;
using Sje.Core.Scheduling;
using Sje.Jobs.Queueing;

namespace Sje.Jobs.Scheduling;

/// <summary>When a saved job starts by itself, and when it did.</summary>
public sealed record SavedSchedule
{
    /// <summary>Stays with it; a schedule made later under the same name has another one.</summary>
    public required Guid Id { get; init; }

    /// <summary>Unique. One that is part of a job bears the job's name.</summary>
    public required string Name { get; init; }

    /// <summary>The job that it starts, at its newest version then.</summary>
    public required string JobName { get; init; }

    /// <summary>The cron line, as <see cref="CronSchedule"/> reads it.</summary>
    public required string Cron { get; init; }

    /// <summary>A name of the IANA database.</summary>
    public required string TimeZone { get; init; }

    /// <summary>Values for the job's parameters; what is not among them has its default.</summary>
    public required JsonObject Parameters { get; init; }

    /// <summary>Whether it is part of the job's file: cron and time zone change with the job.</summary>
    public required bool FromJob { get; init; }

    /// <summary>Since when it does not start anything by itself; null when it does.</summary>
    public DateTimeOffset? PausedAt { get; init; }

    /// <summary>Who paused it.</summary>
    public string? PausedBy { get; init; }

    /// <summary>Why.</summary>
    public string? PauseReason { get; init; }

    /// <summary>The next due time; null while paused.</summary>
    public DateTimeOffset? NextAt { get; init; }

    /// <summary>The last due time that came.</summary>
    public DateTimeOffset? LastDueAt { get; init; }

    /// <summary>When it last tried to start its job, by its time or by hand.</summary>
    public DateTimeOffset? LastFiredAt { get; init; }

    /// <summary>The last execution that it started.</summary>
    public Guid? LastExecutionId { get; init; }

    /// <summary>Why the last due time started nothing; null when it did.</summary>
    public string? LastError { get; init; }

    /// <summary>Rises with each change of the definition, pausing and resuming among them; firing does not touch it.</summary>
    public required int Version { get; init; }

    /// <summary>When it was made.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>When its definition last changed.</summary>
    public required DateTimeOffset UpdatedAt { get; init; }

    /// <summary>Who made it: the name of a key.</summary>
    public string? CreatedBy { get; init; }
}

/// <summary>What a schedule is to be.</summary>
public sealed record ScheduleDefinition
{
    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>The saved job to start.</summary>
    public required string JobName { get; init; }

    /// <summary>The cron line.</summary>
    public required string Cron { get; init; }

    /// <summary>A name of the IANA database.</summary>
    public string TimeZone { get; init; } = CronSchedule.DefaultTimeZone;

    /// <summary>Values for the job's parameters.</summary>
    public JsonObject Parameters { get; init; } = [];

    /// <summary>Whether it is to be paused; null leaves it as it is, and a new one running.</summary>
    public bool? Paused { get; init; }

    /// <summary>Whose work the executions are.</summary>
    public string Tenant { get; init; } = "default";
}

/// <summary>How a schedule is started by hand.</summary>
public sealed record ScheduleTrigger
{
    /// <summary>Values that replace those of the schedule, name by name.</summary>
    public JsonObject Parameters { get; init; } = [];

    /// <summary>A trigger under the same key and tenant happens once; 1-200 characters.</summary>
    public string? IdempotencyKey { get; init; }

    /// <summary>Tells whether a repeat under the key is the same request. Needed with <see cref="IdempotencyKey"/>.</summary>
    public byte[]? BodyHash { get; init; }

    /// <summary>Whose work the execution is; null is the schedule's tenant.</summary>
    public string? Tenant { get; init; }

    /// <summary>Who wants it: the name of a key.</summary>
    public string? By { get; init; }
}

/// <summary>What became of a request about a schedule.</summary>
public abstract record ScheduleResult
{
    /// <summary>The name was new.</summary>
    public sealed record Created(SavedSchedule Schedule) : ScheduleResult;

    /// <summary>It is as was wished; also where it had been so before.</summary>
    public sealed record Updated(SavedSchedule Schedule) : ScheduleResult;

    /// <summary>Started by hand; what the intake said, with the execution's id.</summary>
    public sealed record Triggered(SavedSchedule Schedule, IntakeResult Intake) : ScheduleResult
    {
        /// <summary>The execution; null where the idempotency key belongs to another request.</summary>
        public Guid? ExecutionId =>
            Intake switch
            {
                SubmissionAccepted accepted => accepted.ExecutionId,
                Repeated repeated => repeated.ExecutionId,
                _ => null,
            };
    }

    /// <summary>It is gone. Where it was part of a job, a new version of the job stands, without it.</summary>
    public sealed record Deleted(int? JobVersion) : ScheduleResult;

    /// <summary>There is no such schedule.</summary>
    public sealed record NotFound : ScheduleResult;

    /// <summary>Another version than the expected one stands there; null is none.</summary>
    public sealed record VersionMismatch(int? CurrentVersion) : ScheduleResult;

    /// <summary>It is part of this job's file; what was to be changed changes with the job.</summary>
    public sealed record PartOfJob(string JobName) : ScheduleResult;

    /// <summary>There is no saved job of this name.</summary>
    public sealed record JobNotFound(string JobName) : ScheduleResult;

    /// <summary>The cron line or the time zone is wrong.</summary>
    public sealed record CronWrong(CronFault Fault) : ScheduleResult;

    /// <summary>The parameters do not fit the job; pointers start at <c>/parameters</c>.</summary>
    public sealed record ParametersWrong(IReadOnlyList<Fault> Faults) : ScheduleResult;

    /// <summary>The job cannot be read any more, for these reasons.</summary>
    public sealed record JobUnreadable(string JobName, IReadOnlyList<Fault> Faults) : ScheduleResult;
}
