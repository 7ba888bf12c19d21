namespace Sje.Tests.Chaos.Storm;

/// <summary>What a storm came to. A line in a list is one finding, in words.</summary>
internal sealed record StormReport(
    int Faults,
    long Tasks,
    IReadOnlyList<string> Lost,
    IReadOnlyList<string> Doubled,
    IReadOnlyList<string> Breaches,
    IReadOnlyList<string> Orphans,
    IReadOnlyList<string> Disagreements
)
{
    /// <summary>Whether every promise was kept.</summary>
    public bool Clean => Findings.Count == 0;

    /// <summary>All findings, each with its kind.</summary>
    public IReadOnlyList<string> Findings =>
        [
            .. Lost.Select(line => $"lost: {line}"),
            .. Doubled.Select(line => $"doubled: {line}"),
            .. Breaches.Select(line => $"limit breach: {line}"),
            .. Orphans.Select(line => $"orphan: {line}"),
            .. Disagreements.Select(line => $"disagreement: {line}"),
        ];

    /// <summary>The line that a run ends with.</summary>
    public string Line =>
        $"{Faults} faults, {Tasks} tasks, {Lost.Count} lost, {Doubled.Count} doubled, {Breaches.Count} limit breaches, "
        + $"{Orphans.Count} orphans, {Disagreements.Count} disagreements";
}

/// <summary>What a client has heard of a submission: under its key and label, once or more.</summary>
/// <param name="Label">The client's own label of the job, one for each submission.</param>
/// <param name="Execution">The execution that it was told of; null where it was refused for good.</param>
internal sealed record StormAnswer(string Label, Guid? Execution);

/// <summary>How much may go on at a time.</summary>
/// <param name="Queues">Tasks of a queue.</param>
/// <param name="Keys">Tasks that name a key.</param>
/// <param name="Jobs">Executions of a job.</param>
internal sealed record StormLimits(
    IReadOnlyDictionary<string, int> Queues,
    IReadOnlyDictionary<string, int> Keys,
    IReadOnlyDictionary<string, int> Jobs
);
