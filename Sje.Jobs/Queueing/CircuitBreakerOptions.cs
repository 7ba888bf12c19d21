using System.ComponentModel.DataAnnotations;

namespace Sje.Jobs.Queueing;

/// <summary>The section <c>circuitBreakers</c>: when a target that fails is left alone, and for how long.</summary>
public sealed class CircuitBreakerOptions
{
    /// <summary>The section's name.</summary>
    public const string Section = "circuitBreakers";

    /// <summary>Failures in a row that open it.</summary>
    [Range(1, 1_000)]
    public int Failures { get; set; } = 5;

    /// <summary>Seconds for which nothing is started for the target.</summary>
    [Range(0.1, 86_400)]
    public double OpenSeconds { get; set; } = 60;

    /// <summary>Successes in a row, one task at a time, that close it again.</summary>
    [Range(1, 100)]
    public int Successes { get; set; } = 3;
}
