namespace Sje.Jobs.Queueing;

/// <summary>How tasks of a queue run: the word in <c>sje.queues.lane</c> and <c>sje.tasks.lane</c>.</summary>
public static class Lanes
{
    /// <summary>As a background job of Hangfire's, on one of its threads.</summary>
    public const string Background = "background";

    /// <summary>As an asynchronous call of the worker's, without a background job.</summary>
    public const string Direct = "direct";

    /// <summary>Both.</summary>
    public static IReadOnlyList<string> All { get; } = [Background, Direct];
}

/// <summary>Runs an attempt from claim to end. Hangfire's threads come to it their own way; the feed calls it for the direct lane.</summary>
internal interface IAttemptRunner
{
    /// <summary>Runs the attempt. When it returns, its end is durable; when it throws, the attempt is not this worker's any more.</summary>
    Task RunAsync(ClaimedTask task);
}
