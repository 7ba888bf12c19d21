using Sje.Core.Jobs;

namespace Sje.Jobs.Storage;

internal sealed class TaskRow
{
    public required Guid Id { get; init; }
    public required Guid ExecutionId { get; init; }
    public required string Name { get; init; }
    public required int Ordinal { get; init; }
    public required string Type { get; init; }
    public required string Queue { get; init; }
    public required string Lane { get; init; }
    public required short Priority { get; init; }
    public required DateTimeOffset Rank { get; init; }
    public required TaskState State { get; init; }
    public required DateTimeOffset AvailableAt { get; init; }
    public required Guid[] DependsOn { get; init; }
    public required string[] Labels { get; init; }
    public required double Cpus { get; init; }
    public required long MemoryBytes { get; init; }
    public required int MaxAttempts { get; init; }
    public required int Attempt { get; init; }
    public required int Failures { get; init; }
    public required int Lost { get; init; }
    public Guid? WorkerId { get; init; }
    public DateTimeOffset? CancelRequestedAt { get; init; }
    public long? HangfireJobId { get; init; }
    public float? Progress { get; init; }
    public string? ProgressMessage { get; init; }
    public string? Metrics { get; init; }
    public string? Parts { get; init; }
    public string? Outputs { get; init; }
    public string? Preview { get; init; }
    public string? Error { get; init; }
    public string? Reason { get; init; }
    public DateTimeOffset? DismissedAt { get; init; }
    public required DateTimeOffset AcceptedAt { get; init; }
    public DateTimeOffset? QueuedAt { get; init; }
    public DateTimeOffset? StartedAt { get; init; }
    public DateTimeOffset? AttemptStartedAt { get; init; }
    public DateTimeOffset? FinishedAt { get; init; }
}
