using System.Text.Json.Serialization;

namespace Sje.Core.Jobs;

/// <summary>What becomes of an execution that finds as many of its job going on as may.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<ConcurrencyPolicy>))]
public enum ConcurrencyPolicy
{
    /// <summary>It waits until one has ended.</summary>
    [JsonStringEnumMemberName("queue")]
    Queue,

    /// <summary>Its tasks are skipped: it ends at once, and is no failure.</summary>
    [JsonStringEnumMemberName("skip")]
    Skip,

    /// <summary>The oldest that goes on is cancelled, and it starts when that has ended; older ones that wait are cancelled too.</summary>
    [JsonStringEnumMemberName("replace")]
    Replace,

    /// <summary>It is cancelled itself.</summary>
    [JsonStringEnumMemberName("cancel")]
    Cancel,
}

/// <summary>How many executions of a job may go on at a time, and what happens to one more.</summary>
/// <param name="Max">1 or more.</param>
/// <param name="Policy">For one more.</param>
public sealed record ConcurrencySpec(int Max, ConcurrencyPolicy Policy);

/// <summary>A limit that tasks share, whatever their job and queue: so many of those that name the key run at a time.</summary>
/// <param name="Name">1-200 characters, named as jobs are.</param>
/// <param name="Limit">1 or more.</param>
public sealed record ConcurrencyKey(string Name, int Limit);
