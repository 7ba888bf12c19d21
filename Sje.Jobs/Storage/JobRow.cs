namespace Sje.Jobs.Storage;

internal sealed class JobRow
{
    public required Guid Id { get; init; }
    public required string Name { get; init; }
    public required int Version { get; set; }
    public required string Spec { get; set; }
    public required DateTimeOffset CreatedAt { get; init; }
    public required DateTimeOffset UpdatedAt { get; set; }
    public string? CreatedBy { get; init; }
    public DateTimeOffset? PausedAt { get; init; }
    public string? PausedBy { get; init; }
    public string? PauseReason { get; init; }
}

internal sealed class JobVersionRow
{
    public required Guid JobId { get; init; }
    public required int Version { get; init; }
    public required string Spec { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }
    public string? CreatedBy { get; init; }
}
