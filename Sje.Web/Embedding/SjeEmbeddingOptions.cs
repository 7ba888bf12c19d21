namespace Sje.Web.Embedding;

/// <summary>What a host says of the SJE in it.</summary>
public sealed class SjeEmbeddingOptions
{
    /// <summary>The database; null takes <c>ConnectionStrings:Sje</c> of the host's configuration.</summary>
    public string? ConnectionString { get; set; }

    /// <summary>Whether tasks run in this host too. Off, it accepts and shows them, and <c>sje worker</c> processes run them.</summary>
    public bool RunTasks { get; set; } = true;

    /// <summary>
    /// Queues for the host's own Hangfire jobs, none of SJE's. Jobs that name no queue go to <c>hangfire</c>, which is always there.
    /// </summary>
    public IList<string> HangfireQueues { get; } = [];

    /// <summary>How many of the host's own Hangfire jobs run at a time.</summary>
    public int HangfireWorkers { get; set; } = Math.Max(2, Environment.ProcessorCount);

    /// <summary>How often the host's own delayed and recurring jobs are looked for.</summary>
    public TimeSpan HangfirePollingInterval { get; set; } = TimeSpan.FromSeconds(15);
}
