namespace Sje.Jobs.Storage;

/// <summary>What a list of executions shows of a schedule.</summary>
internal sealed class ScheduleName
{
    public required Guid Id { get; init; }
    public required string Name { get; init; }
}
