using System.ComponentModel.DataAnnotations;

namespace Sje.Jobs.Queueing;

/// <summary>What a worker offers and how it keeps its leases. Section <c>worker</c>.</summary>
public sealed class WorkerOptions : IValidatableObject
{
    /// <summary>The configuration section.</summary>
    public const string Section = "worker";

    /// <summary>A name for people; default is host and process id.</summary>
    public string? Name { get; set; }

    /// <summary>The queues it serves, by name; <c>*</c> is all. Default: <c>default</c> and <c>swarm</c>.</summary>
    public IList<string> Queues { get; set; } = [];

    /// <summary>Tasks at once, 1-10,000. Each is a thread of Hangfire's. Default: twice the processors, at least 4.</summary>
    [Range(1, 10_000)]
    public int Slots { get; set; } = Math.Max(4, 2 * Environment.ProcessorCount);

    /// <summary>
    /// Tasks of direct queues at once, 0-10,000, beside <see cref="Slots"/>. Each is an asynchronous call; what its engine starts besides (a child
    /// process) is not counted. Default: 200.
    /// </summary>
    [Range(0, 10_000)]
    public int DirectSlots { get; set; } = 200;

    /// <summary>Labels that tasks may ask for.</summary>
    public IList<string> Labels { get; set; } = [];

    /// <summary>Processor cores that tasks may claim in all. Default: those of the machine.</summary>
    [Range(0.01, 100_000.0)]
    public double Cpus { get; set; } = Environment.ProcessorCount;

    /// <summary>Memory that tasks may claim in all, as a size (<c>8GiB</c>) read by the configuration, in bytes. Default: what the machine gives us.</summary>
    [Range(1, long.MaxValue)]
    public long MemoryBytes { get; set; } = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;

    /// <summary>
    /// How long a worker may be silent before others take its tasks over, 3-300 seconds. All processes on one database should agree.
    /// </summary>
    [Range(3.0, 300.0)]
    public double LeaseSeconds { get; set; } = 7;

    /// <summary>How often it renews its lease, 0.2-100 seconds; at most a third of <see cref="LeaseSeconds"/>.</summary>
    [Range(0.2, 100.0)]
    public double HeartbeatSeconds { get; set; } = 2;

    /// <summary>How long running tasks may go on after a stop was asked for, 0-86,400 seconds; then they go back with their checkpoint.</summary>
    [Range(0.0, 86_400.0)]
    public double DrainSeconds { get; set; } = 10;

    /// <summary>
    /// How long running tasks are kept while the database refuses connections or says that it is starting or stopping, 0-86,400 seconds.
    /// A database that answers nothing at all is another matter: tasks then stop before the lease can have lapsed.
    /// </summary>
    [Range(0.0, 86_400.0)]
    public double OutageSeconds { get; set; } = 300;

    /// <summary>The queues it serves, the default filled in (a list's default cannot be: the configuration adds to it).</summary>
    public string[] ServedQueues => Queues.Count == 0 ? ["default", "swarm"] : [.. Queues.Distinct()];

    /// <summary>The lease.</summary>
    public TimeSpan Lease => TimeSpan.FromSeconds(LeaseSeconds);

    /// <summary>
    /// How long after a renewal was sent the worker trusts it. The rest of the lease is for the guards: ending a session takes some tenths
    /// of a second, more on a busy machine, and by the time somebody takes over it must be gone.
    /// </summary>
    public double TrustSeconds => LeaseSeconds * 0.75;

    /// <summary>The interval of heartbeats.</summary>
    public TimeSpan Heartbeat => TimeSpan.FromSeconds(HeartbeatSeconds);

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (HeartbeatSeconds * 3 > LeaseSeconds)
        {
            yield return new ValidationResult(
                $"{Section}:heartbeatSeconds is {HeartbeatSeconds}; at most a third of {Section}:leaseSeconds ({LeaseSeconds}) is right, "
                    + "so that one lost heartbeat loses no lease.",
                [nameof(HeartbeatSeconds)]
            );
        }
    }
}
