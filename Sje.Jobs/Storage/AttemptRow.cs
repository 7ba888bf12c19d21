using Sje.Core.Jobs;

namespace Sje.Jobs.Storage;

internal sealed class AttemptRow
{
    public required Guid ExecutionId { get; init; }
    public required Guid TaskId { get; init; }
    public required int Number { get; init; }
    public required Guid WorkerId { get; init; }
    public required string WorkerName { get; init; }
    public required DateTimeOffset StartedAt { get; init; }
    public DateTimeOffset? EndedAt { get; init; }
    public AttemptOutcome? Outcome { get; init; }
    public string? Error { get; init; }
}
