using Sje.Core.Jobs;

namespace Sje.Jobs.Storage;

internal sealed class ExecutionRow
{
    public required Guid Id { get; init; }
    public Guid? JobId { get; init; }
    public int? JobVersion { get; init; }
    public required string Name { get; init; }
    public string? Label { get; init; }
    public required string JobType { get; init; }
    public required string Queue { get; init; }
    public required short Priority { get; init; }
    public required string Tenant { get; init; }
    public required string[] Tags { get; init; }
    public required string Spec { get; init; }
    public required string Parameters { get; init; }
    public required ExecutionState State { get; init; }
    public ExecutionState? EndedAs { get; init; }
    public required string Trigger { get; init; }
    public Guid? RerunOf { get; init; }
    public Guid? ScheduleId { get; init; }
    public DateTimeOffset? ScheduledFor { get; init; }
    public string? AcceptedBy { get; init; }
    public required DateTimeOffset AcceptedAt { get; init; }
    public DateTimeOffset? StartedAt { get; init; }
    public DateTimeOffset? FinishedAt { get; init; }
    public DateTimeOffset? CancelRequestedAt { get; init; }
    public string? CancelReason { get; init; }
    public DateTimeOffset? TotalDeadlineAt { get; init; }
    public required long Version { get; init; }
}
