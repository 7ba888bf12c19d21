namespace Sje.Jobs.Background;

/// <summary>
/// How a host that SJE is built into runs its own Hangfire jobs: stock Hangfire on a server of its own, beside SJE's queues. Set in code; the
/// binary itself has no such jobs.
/// </summary>
public sealed class ForeignJobOptions
{
    /// <summary>Where jobs go that name no queue, or one of SJE's.</summary>
    public const string DefaultQueue = "hangfire";

    /// <summary>Further queues for them; none of SJE's.</summary>
    public IReadOnlyList<string> Queues { get; set; } = [];

    /// <summary>How many of them run at a time, 1 or more.</summary>
    public int Workers { get; set; } = 1;

    /// <summary>How often delayed and recurring ones are looked for.</summary>
    public TimeSpan PollingInterval { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>The queues that their server serves.</summary>
    /// <exception cref="InvalidOperationException">One of them is a queue of SJE's.</exception>
    internal string[] Served(QueueLabels labels) =>
        Queues.FirstOrDefault(labels.Has) is { } taken
            ? throw new InvalidOperationException(
                $"The queue '{taken}' is one of SJE's, so ordinary Hangfire jobs cannot have it: name another one."
            )
            : [.. Queues.Append(DefaultQueue).Distinct()];
}
